/** Services as text: the table of `status` and `service list`, and the page of `service show`. */
import { isIpv6, isLoopback } from '../base/address.js'
import { formatProgram } from '../base/program.js'
import type { Millis } from '../base/time.js'
import type { ServiceDefinitionView, ServiceView, ServiceWritten } from '../node/control/control-protocol.js'
import {
  CHOICE_COLUMNS,
  choiceCells,
  choiceNotes,
  choiceSettings,
  isWeighed,
  renderDirecting,
  stateCell,
} from './choice-view.js'
import type { Screen, StyledText } from './colour.js'
import { drillText } from './drill-view.js'
import { identitySettings } from './identity-view.js'
import { outwardSettings } from './outward-view.js'
import { programSettings } from './program-view.js'
import { type Cell, type Column, type Row, renderTable } from './table.js'
import { hang } from './text.js'
import { formatCount, formatSetting, plural } from './units.js'

export const ADD_HINT = 'Add one:  baton service add web --address 10.0.0.100 --ports 8080'

const COLUMNS: readonly Column[] = [
  { title: 'SERVICE', min: 12 },
  { title: 'ADDRESS', min: 21 },
  { title: 'DIRECTOR', min: 10 },
  { title: 'TERM', align: 'right', optional: 1 },
  { title: 'SERVING' },
  { title: 'BACKENDS', align: 'right' },
  { title: 'SPLICES', align: 'right' },
]

export function renderServices(services: readonly ServiceView[], screen: Screen): string[] {
  if (services.length === 0) return ['No services yet.', ADD_HINT]
  return renderTable(COLUMNS, services.map(rowOf), screen)
}

/** One service, its setting and who serves it. */
export function renderService(view: ServiceView, screen: Screen, nowMs: Millis): string[] {
  const { definition, term } = view
  const settings: readonly (readonly [string, Cell])[] = [
    ['director', directorCell(view)],
    ['term', term === null ? '–' : formatCount(term.number)],
    ['serving', servingCell(view)],
    ['why', view.why],
    ['address', addressSetting(definition)],
    ...(definition.hide === ''
      ? []
      : [['only here', `port ${definition.hide}: refused at the nodes’ own addresses`] as const]),
    ...(definition.reserve === ''
      ? []
      : [['reserved', `port ${definition.reserve}: for no outgoing connection`] as const]),
    ...(view.here === undefined ? [] : [['here', hereText(view.here)] as const]),
    ...outwardSettings(view),
    ...identitySettings(view),
    ...choiceSettings(view),
    ['local', definition.local],
    ['connect timeout', formatSetting(definition.connectMs)],
    ['idle timeout', definition.idleMs === 0 ? 'never' : formatSetting(definition.idleMs)],
    ['keepalive', formatSetting(definition.keepaliveMs)],
    ['uploads', uploadsText(view)],
    ['failback', definition.failback],
    ['alone', definition.alone === '' ? 'nobody' : definition.alone],
    ...programSettings(definition),
    ...(view.hosting === undefined ? [] : [['runs on', hostingCell(view.hosting)] as const]),
    ['splices', formatCount(view.splices)],
    [
      'last drill',
      view.drill === undefined ? 'none: `baton drill` shows who would live on' : drillText(view.drill, nowMs),
    ],
  ]
  const pairs = [{ title: '' }, { title: '', wraps: true }]
  return [
    screen.paint('bold', `${definition.name}  ${formatServiceAddress(definition)}`),
    ...problemLines(view, screen),
    '',
    ...renderTable(
      pairs,
      settings.map(([name, value]) => ({ cells: [{ text: name, style: 'dim' }, value] })),
      screen,
    ),
    '',
    ...renderBackends(view, screen),
    ...renderDirecting(view.choice.assignments, screen),
  ]
}

/** `127.0.0.100:8080,8443`, `[2001:db8::1]:80`. */
export function formatServiceAddress({ address, ports }: ServiceDefinitionView): string {
  return isIpv6(address) ? `[${address}]:${ports}` : `${address}:${ports}`
}

/** What `service add` and `service set` answer. */
export function renderWritten(verb: string, written: ServiceWritten, screen: Screen): string[] {
  const { service: definition, notes } = written
  const { name, proxyProtocol, local, connectMs, idleMs } = definition
  const idle = idleMs === 0 ? 'never' : formatSetting(idleMs)
  const settings = `proxy-protocol ${proxyProtocol} · local ${local} · connect ${formatSetting(connectMs)} · idle ${idle}`
  return [
    `${screen.paint('good', verb)} service ${name} at ${formatServiceAddress(definition)}`,
    ...hang('  ', settings, screen.width).map((line) => screen.paint('dim', line)),
    ...notes.flatMap((note) => hang('  note: ', note, screen.width)),
  ]
}

/** A term without a majority is never shown as an ordinary one. */
function directorCell({ director, alone }: ServiceView): Cell {
  if (director === null) return { text: 'none', style: 'bad' }
  return alone ? { text: `${director.name} (alone)`, style: 'warn' } : director.name
}

function hostingCell({ node, state, term, words, next }: NonNullable<ServiceView['hosting']>): Cell {
  const others = next.length === 0 ? 'no other node may host it' : `next: ${next.map(({ name }) => name).join(', ')}`
  const text =
    node === null
      ? `no node (${others})`
      : `${node.name}, ${state} in term ${term}${words === '' ? '' : `: ${words}`} (${others})`
  const style = state === 'active' ? 'good' : state === 'unknown' || state === 'nowhere' ? 'bad' : 'warn'
  return { text, style }
}

function addressSetting(definition: ServiceDefinitionView): string {
  const { own, hook } = definition
  const where = definition.interface === '' ? '' : `, announced on ${definition.interface}`
  if (isLoopback(definition.address)) return 'every host has it'
  if (own === 'none') return 'on every node already'
  return own === 'hook' ? `brought by ${hook}` : `on a device of the director${where}`
}

/** What it wants, and on its director what becomes of that. */
function uploadsText({ definition, here, uploads }: ServiceView): string {
  const wanted = definition.uploads
  if (wanted !== 'survive') return wanted
  const reasons = Object.entries(uploads?.unheld ?? {}).map(([why, count]) => `${formatCount(count)} not: ${why}`)
  const parts = [
    ...(here?.unheld === undefined ? [] : [`but clients are acknowledged at once: ${here.unheld}`]),
    ...(uploads === undefined ? [] : [`${plural(uploads.held, 'connection')} held`, ...reasons]),
  ]
  return parts.length === 0 ? wanted : `${wanted}, ${parts.join('; ')}`
}

/** What this node counts of an address that it has. */
function hereText(here: NonNullable<ServiceView['here']>): string {
  const { device, accepted, refused, late, heldBack = 0, withheld = 0, overtaken } = here
  const parts = [
    `on ${device}`,
    ...(accepted === undefined ? [] : [`${plural(accepted, 'connection')} accepted`]),
    ...(refused === undefined ? [] : [`${formatCount(refused)} refused on other ports`]),
    ...(late === undefined ? [] : [`${plural(late, 'frame')} dropped after a deadline`]),
    ...(heldBack === 0 ? [] : [`${plural(heldBack, 'RST')} held back while connections were rebuilt`]),
    ...(withheld === 0 ? [] : [`${plural(withheld, 'acknowledgement')} withheld while the process stood still`]),
    ...(overtaken === undefined
      ? []
      : [`${overtaken} comes before the programs of this node, and may take frames round them`]),
  ]
  return parts.join(', ')
}

function renderBackends(view: ServiceView, screen: Screen): string[] {
  if (view.backends.length === 0) return noBackends(view.definition).flatMap((line) => hang('', line, screen.width))
  const weighed = isWeighed(view.backends)
  const columns: readonly Column[] = [
    { title: 'BACKEND', min: 12 },
    { title: 'ADDRESS', min: 21 },
    { title: 'PORT', align: 'right' },
    { title: 'PROGRAM', min: 8 },
    ...(weighed ? CHOICE_COLUMNS : []),
    { title: 'STATE' },
    { title: 'SPLICES', align: 'right' },
  ]
  const rows = view.backends.map((backend) => ({
    cells: [
      backend.node.name,
      backend.address,
      String(backend.port),
      backend.program === undefined ? '?' : formatProgram(backend.program),
      ...(weighed ? choiceCells(backend) : []),
      stateCell(backend),
      formatCount(backend.splices),
    ],
    notes: choiceNotes(backend),
  }))
  return renderTable(columns, rows, screen)
}

function noBackends({ ports }: ServiceDefinitionView): string[] {
  return [
    'No backends: no node has a program that listens there.',
    `Start one on port ${ports} of any node, bound to the node's own address or to all; it is found by itself.`,
  ]
}

function rowOf(view: ServiceView): Row {
  const { definition, term, backends } = view
  const nodes = new Set(backends.map(({ node }) => node.id)).size
  const able = new Set(backends.filter(({ state, serves }) => serves && state === 'healthy').map(({ node }) => node.id))
    .size
  return {
    cells: [
      definition.name,
      formatServiceAddress(definition),
      directorCell(view),
      term === null ? '–' : formatCount(term.number),
      servingCell(view),
      backendsCell(able, nodes, view.hosting !== undefined),
      formatCount(view.splices),
    ],
    notes: notesOf(view),
  }
}

/** `2 of 3 nodes` where some take no new connections. */
function backendsCell(able: number, nodes: number, isSingle: boolean): Cell {
  if (nodes === 0) return { text: 'none', style: 'bad' }
  if (able === nodes) return plural(nodes, 'node')
  const text = `${able} of ${plural(nodes, 'node')}`
  // Of mode single one is all there is to be.
  return isSingle && able > 0 ? text : { text, style: able === 0 ? 'bad' : 'warn' }
}

/** At most one sentence: the problem, why it is not served, on what its director stands, or how to give it a backend. */
function notesOf(view: ServiceView): readonly StyledText[] {
  if (view.problem !== undefined) return [{ text: view.problem, style: 'bad' }]
  if (view.director === null || view.serving === 'no') return [{ text: view.why, style: 'bad' }]
  if (view.alone) return [{ text: view.why, style: 'warn' }]
  if (view.hosting?.state === 'unknown')
    return [{ text: `${view.hosting.node?.name ?? 'a node'} could not stop it: ${view.hosting.words}`, style: 'bad' }]
  return view.backends.length === 0 ? [{ text: noBackends(view.definition).join(' '), style: 'warn' }] : []
}

/** There is a `!` under its row. */
export function needsLook(view: ServiceView): boolean {
  return notesOf(view).length > 0
}

function problemLines(view: ServiceView, screen: Screen): string[] {
  if (view.problem === undefined) return []
  return hang('! ', view.problem, screen.width).map((line) => screen.paint('bad', line))
}

function servingCell({ serving }: ServiceView): Cell {
  return { text: serving, style: serving === 'yes' ? 'good' : serving === 'no' ? 'bad' : 'warn' }
}
