/** What `baton keys` says. */
import { formatSpan } from '../base/time.js'
import type {
  BanView,
  KeysChanged,
  KeysView,
  KeyView,
  NodeRef,
  RotationView,
} from '../node/control/control-protocol.js'
import type { Screen, StyledText } from './colour.js'
import { type Column, type Row, renderTable } from './table.js'
import { hang } from './text.js'
import { plural } from './units.js'

const COLUMNS: readonly Column[] = [
  { title: 'KEY' },
  { title: 'USE' },
  { title: 'ADDED', optional: 1 },
  { title: 'BY', optional: 2, min: 4 },
  { title: 'HELD BY', wraps: true },
]

export function renderKeys(view: KeysView, wallMs: number, screen: Screen): string[] {
  const rows = view.keys.map((key): Row => {
    const use = key.primary
      ? { text: 'current', style: 'good' as const }
      : key.primaryOn.length > 0
        ? 'in use'
        : 'opens'
    const added = key.addedAtMs === null ? 'at the beginning' : `${formatSpan(Math.max(0, wallMs - key.addedAtMs))} ago`
    return {
      cells: [key.id, use, added, key.addedBy ?? '', namesOf(key.heldBy) || 'nobody'],
      notes: notesOf(key, view),
    }
  })
  const secrets = view.keys.flatMap(({ id, secret }) => (secret === undefined ? [] : `${id}  ${secret}`))
  return [
    ...renderTable(COLUMNS, rows, screen),
    ...(view.silent.length === 0
      ? []
      : hang(
          '',
          `Nothing has been heard of the keys of ${namesOf(view.silent)}: an earlier release, or no link.`,
          screen.width,
        )),
    ...(view.absent.length === 0
      ? []
      : hang(
          '',
          `Down: ${namesOf(view.absent)}. They get the ring when they come back, by any key that is still in it.`,
          screen.width,
        )),
    ...view.banned.flatMap(({ name, id, by, atMs }) =>
      hang('', `Banned: ${name} (${id}), ${formatSpan(Math.max(0, wallMs - atMs))} ago on ${by}`, screen.width),
    ),
    ...(secrets.length === 0 ? [] : ['', ...secrets]),
  ]
}

export function renderKeysChanged(done: 'added' | 'used' | 'removed', view: KeysChanged, screen: Screen): string[] {
  const { id, waiting } = view
  const key = screen.paint('bold', id)
  const all = plural(view.keys[0]?.heldBy.length ?? 0, 'node')
  const said = {
    added: [`added key ${key}`, `Every node holds it (${all}). Next: \`baton keys use ${id}\``],
    used: [
      `key ${key} is used`,
      `Every node seals with it (${all}). The old one still opens: \`baton keys remove ID\` ends that.`,
    ],
    removed: [`removed key ${key}`, 'No node takes it any more.'],
  }[done]
  const rest =
    waiting.length === 0
      ? hang('', said[1] ?? '', screen.width)
      : hang('  ! ', `not confirmed yet by ${namesOf(waiting)}: \`baton keys list\` shows when`, screen.width)
  return [said[0] ?? '', ...rest]
}

export function renderRotation(view: RotationView, screen: Screen): string[] {
  const { id, removed, kept, ms } = view
  const held = view.keys.find((key) => key.id === id)?.heldBy.length ?? 0
  return [
    `key ${screen.paint('bold', id)} is used by ${plural(held, 'node')} after ${formatSpan(ms)}`,
    ...(removed.length === 0 ? [] : hang('', `Removed: ${removed.join(', ')}`, screen.width)),
    ...kept.flatMap(({ id: old, why }) =>
      hang('  ! ', `${old} stays: ${why}`, screen.width).map((line) => screen.paint('warn', line)),
    ),
  ]
}

export function renderBan(view: BanView, screen: Screen): string[] {
  const { node, banned, waiting, seat, rotation, rotationRefused, knownKeys = [] } = view
  const name = screen.paint('bold', node.name)
  if (!banned) {
    const hint = `${node.name} may take part again. Start it anew; if keys were rotated since, with a token: \`baton keys token\``
    return hang('', hint, screen.width)
  }
  const seatLine = {
    none: [],
    removed: ['It has no vote any more.'],
    remains: [`  ! its vote is still there: \`baton forget ${node.name} --force\``],
  }[seat]
  const key = 'It still knows the key of the cluster, and can read and forge datagrams with it: `baton keys rotate`'
  const said =
    rotation !== undefined
      ? renderRotation(rotation, screen)
      : rotationRefused === undefined
        ? hang('  ! ', key, screen.width)
        : refusalLines(rotationRefused, screen)
  return [
    `${name} is banned: its links are cut, and nobody listens to it`,
    ...(waiting.length === 0 ? [] : hang('  ! ', `not confirmed yet by ${namesOf(waiting)}`, screen.width)),
    ...seatLine,
    ...said,
    ...(knownKeys.length === 0
      ? []
      : hang('  ! ', wayIn(node.name, knownKeys), screen.width).map((line) => screen.paint('bad', line))),
  ]
}

function refusalLines({ code, message, hint }: NonNullable<BanView['rotationRefused']>, screen: Screen): string[] {
  return [
    ...hang('  ! ', `the ban holds, but the keys were not rotated: ${message} (${code})`, screen.width).map((line) =>
      screen.paint('bad', line),
    ),
    ...(hint === undefined ? [] : hang('    ', hint, screen.width)),
  ]
}

function wayIn(name: string, keys: readonly string[]): string {
  const them = keys.length === 1 ? 'this key' : 'these keys'
  return `${name} may know ${keys.join(', ')}: with ${them} it can read and forge datagrams, and join under a new identity. \`baton keys rotate\` again, or with --force past nodes that are down, ends that`
}

function notesOf({ lackedBy }: KeyView, { silent }: KeysView): StyledText[] {
  const lacking = lackedBy.filter(({ id }) => !silent.some((one) => one.id === id))
  return lacking.length === 0 ? [] : [{ text: `not held by ${namesOf(lacking)}`, style: 'warn' }]
}

function namesOf(nodes: readonly NodeRef[]): string {
  return nodes.map(({ name }) => name).join(', ')
}
