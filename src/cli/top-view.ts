/** `baton top`: what moves, on one screen that fits its terminal: rates first, then who directs, who is there, what happened. */
import { formatSpan } from '../base/time.js'
import type { ServiceView, StatusView } from '../node/control/control-protocol.js'
import type { EventView } from '../node/seeing/seeing-protocol.js'
import type { Screen, Style } from './colour.js'
import type { Rates } from './rates.js'
import { needsLook } from './service-view.js'
import { type Cell, type Column, type Row, renderTable } from './table.js'
import { clip, hang } from './text.js'
import { formatBytes, formatCount, plural } from './units.js'

export interface TopView {
  readonly status: StatusView
  /** Missing: nothing to compare with yet. */
  readonly rates: Rates | undefined
  /** The oldest first. */
  readonly events: readonly EventView[]
  /** New connections a second, the oldest first. */
  readonly past: readonly number[]
  /** Wall clock. */
  readonly at: number
}

/** Rows of services and nodes are cut before events are: those are what one looks for. */
const EVENTS_MIN = 4
const EVENTS_MAX = 12
/** For so long what happened stands out, and who directs since then. */
const FRESH_MS = 10_000
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** `rows`: as many lines at most; not given: as many as there are. */
export function renderTop(view: TopView, screen: Screen, rows = Number.POSITIVE_INFINITY): string {
  const { status } = view
  const head = [...headLines(view, screen), ...rateLines(view, screen), ...warningLines(status, screen), '']
  const happened = eventLines(view, screen)
  const room = rows - head.length - Math.min(happened.length, EVENTS_MIN + 2) - 1
  const fresh = freshServices(view)
  const services = renderTable(
    SERVICE_COLUMNS,
    status.services.map((one) => serviceRow(one, fresh)),
    screen,
  )
  const nodes = renderTable(NODE_COLUMNS, status.members.map(nodeRow), screen)
  // Either has half of the room, and what the other does not need.
  const half = Math.max(3, Math.floor(room / 2))
  const first = cut(services, Math.max(half, room - nodes.length))
  const second = cut(nodes, Math.max(half, room - first.length))
  const body = [...head, ...first, '', ...second]
  return [...body, ...happened.slice(0, Math.max(0, rows - body.length))].join('\n')
}

function headLines({ status, at }: TopView, { paint, width }: Screen): string[] {
  const { node, electorate, members } = status
  const alive = members.filter(({ state }) => state === 'alive').length
  const facts = `${plural(alive, 'node')} of ${members.length} alive · ${electorate.reachable} of ${plural(electorate.voters.length, 'voter')} within reach · up ${formatSpan(node.upMs)}`
  const style: Style = electorate.reachable < electorate.quorum ? 'bad' : 'dim'
  const time = timeOf(at)
  const room = width - node.name.length - time.length - 4
  const text = clip(facts, Math.max(0, room))
  const blanks = ' '.repeat(Math.max(2, room - [...text].length + 2))
  return [`${paint('bold', node.name)}  ${paint(style, text)}${blanks}${paint('dim', time)}`.trimEnd()]
}

function rateLines({ status, rates, past }: TopView, { paint, width }: Screen): string[] {
  const { counters, survival } = status
  const { directed, survivable } = survival
  const a = (value: number | undefined) =>
    value === undefined ? '–' : value < 10 ? value.toFixed(1) : formatCount(Math.round(value))
  const speed = (value: number | undefined) => (value === undefined ? '–' : `${formatBytes(value)}/s`)
  const words = [
    `${paint('bold', formatCount(counters.active))} splices`,
    `${a(rates?.accepted)} new/s`,
    `${a(rates?.ended)} ended/s`,
    `${a(rates?.reset)} reset/s`,
    `${a(rates?.refused)} refused/s`,
  ]
  const bytes = [
    `${speed(rates?.bytesUp)} up`,
    `${speed(rates?.bytesDown)} down`,
    `${formatBytes(counters.retained)} kept`,
  ]
  const lives = directed === 0 ? [] : [`${formatCount(survivable)} of ${formatCount(directed)} would live on`]
  const line = sparkOf(past, Math.min(60, width - 4))
  return [words.join('  '), [...bytes, ...lives].join('  '), ...(line === '' ? [] : [paint('dim', line)])].map((text) =>
    fit(text, width),
  )
}

/** Painted text that is too long for the line is shown plain and cut: codes must not be cut in two. */
function fit(text: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of colours begin with one
  const bare = text.replace(/\u001b\[[0-9;]*m/g, '')
  return [...bare].length <= width ? text : clip(bare, width)
}

function warningLines({ warnings, services }: StatusView, screen: Screen): string[] {
  const [first] = warnings
  const more = warnings.length - 1 + services.filter(needsLook).length
  if (first === undefined)
    return more + 1 > 0
      ? [screen.paint('bad', clip(`! ${plural(more + 1, 'service')} with a problem: baton status`, screen.width))]
      : []
  const tail = more > 0 ? ` (and ${more} more: baton status)` : ''
  return hang('! ', `${first}${tail}`, screen.width)
    .slice(0, 3)
    .map((line) => screen.paint('bad', line))
}

const SERVICE_COLUMNS: readonly Column[] = [
  { title: 'SERVICE', min: 10 },
  { title: 'ADDRESS', min: 9, optional: 2 },
  { title: 'DIRECTOR', min: 8 },
  { title: 'TERM', align: 'right', optional: 1 },
  { title: 'SERVES' },
  { title: 'PROGRAMS', align: 'right' },
  { title: 'SPLICES', align: 'right' },
]

function serviceRow(service: ServiceView, fresh: ReadonlySet<string>): Row {
  const { definition, director, term, serving, backends, splices } = service
  const healthy = backends.filter(({ state }) => state === 'healthy').length
  const name = director?.name
  const holder: Cell =
    name === undefined
      ? { text: 'nobody', style: 'bad' }
      : fresh.has(definition.name)
        ? { text: name, style: 'warn' }
        : name
  const state: Cell =
    serving === 'yes' ? { text: 'yes', style: 'good' } : { text: serving, style: serving === 'no' ? 'bad' : 'warn' }
  const programs = `${healthy} of ${backends.length}`
  return {
    cells: [
      definition.name,
      `${definition.address} ${definition.ports}`,
      holder,
      term === null ? '–' : String(term.number),
      state,
      healthy === 0 ? { text: programs, style: 'bad' } : programs,
      formatCount(splices),
    ],
  }
}

const NODE_COLUMNS: readonly Column[] = [
  { title: 'NODE', min: 10 },
  { title: 'STATE' },
  { title: 'LINK', optional: 1 },
  { title: 'ROLE', optional: 2 },
  { title: 'DIRECTS', min: 8 },
]

const STATES: Readonly<Record<StatusView['members'][number]['state'], Style>> = {
  alive: 'good',
  suspect: 'warn',
  down: 'bad',
  left: 'dim',
}

function nodeRow({
  name,
  self,
  state,
  sinceMs,
  link,
  role,
  voter,
  drained,
  directs,
}: StatusView['members'][number]): Row {
  const roles = [role === 'node' ? '' : role, voter ? 'votes' : '', drained ? 'drained' : ''].filter(
    (word) => word !== '',
  )
  return {
    cells: [
      self ? `${name} (here)` : name,
      { text: `${state} ${formatSpan(sinceMs)}`, style: STATES[state] },
      link.state === 'self' ? '–' : link.state,
      roles.join(', '),
      directs.length > 4 ? plural(directs.length, 'service') : directs.join(', ') || '–',
    ],
  }
}

function eventLines({ events, at }: TopView, { paint, width }: Screen): string[] {
  const told = events
    .filter(({ text }) => text !== undefined)
    .slice(-EVENTS_MAX)
    .reverse()
  if (told.length === 0) return []
  const lines = told.map((event) => {
    const style: Style =
      event.level === 'error' ? 'bad' : event.level === 'warn' || at - event.at < FRESH_MS ? 'warn' : 'dim'
    return paint(style, clip(`${timeOf(event.at)}  ${event.text}`, width))
  })
  return ['', ...lines]
}

function freshServices({ events, at }: TopView): Set<string> {
  const recent = events.filter((event) => event.isHandover === true && at - event.at < FRESH_MS)
  return new Set(recent.flatMap(({ service }) => service ?? []))
}

function cut(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines
  return [...lines.slice(0, Math.max(1, most - 1)), `… ${lines.length - Math.max(1, most - 1)} more`]
}

/** A bar for each value, the last ones as far as there is room. */
export function sparkOf(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const top = Math.max(0, ...shown)
  if (shown.length < 2 || top === 0) return ''
  return shown.map((value) => BARS[Math.min(BARS.length - 1, Math.round((value / top) * (BARS.length - 1)))]).join('')
}

/** Of the day, where the reader is. */
function timeOf(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}
