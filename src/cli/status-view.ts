/** `baton status`: one screen that says how the cluster is, what is wrong first. */
import { formatEndpoint, isWildcard } from '../base/address.js'
import { shortId } from '../base/ids.js'
import { formatSpan } from '../base/time.js'
import type { CountersView, ElectorateView, MemberView, StatusView } from '../node/control-protocol.js'
import type { Screen, Style, StyledText } from './colour.js'
import { renderServices } from './service-view.js'
import { type Cell, type Column, type Row, renderTable } from './table.js'
import { hang } from './text.js'
import { formatBytes, formatCount, plural } from './units.js'

export function renderStatus(view: StatusView, screen: Screen): string {
  return [
    ...renderNode(view, screen),
    ...renderVerdict(view, screen),
    '',
    ...renderTable(MEMBER_COLUMNS, view.members.map(memberRow), screen),
    '',
    ...renderServices(view.services, screen),
    '',
    ...renderElectorate(view.electorate, screen),
    ...renderCounters(view.counters, screen),
  ].join('\n')
}

function renderNode({ node }: StatusView, screen: Screen): string[] {
  const facts = [`up ${formatSpan(node.upMs)}`, `boot ${node.boot}`, `baton ${node.version}`, shortId(node.id)]
  const state: Style = node.state === 'running' ? 'good' : 'warn'
  return [
    `${screen.paint('bold', node.name)}  ${screen.paint(state, node.state)}  ${screen.paint('dim', facts.join(' · '))}`,
    ...hang('', `gossip ${node.gossip} · control ${node.control} · data ${node.data}`, screen.width).map((line) =>
      screen.paint('dim', line),
    ),
  ]
}

function renderVerdict(view: StatusView, screen: Screen): string[] {
  if (view.warnings.length > 0) {
    const title = view.warnings.length === 1 ? 'One thing needs a look:' : `${view.warnings.length} things need a look:`
    const items = view.warnings.flatMap((warning) => hang('  ! ', warning, screen.width))
    return ['', screen.paint('bad', title), ...items.map((line) => screen.paint('warn', line))]
  }
  return isWell(view) ? ['', screen.paint('good', 'All is well.')] : []
}

/** Nothing to praise where a row below says otherwise. */
function isWell({ node, electorate, members, services }: StatusView): boolean {
  return (
    node.state === 'running' &&
    electorate.reachable >= electorate.quorum &&
    members.every(({ state }) => state === 'alive' || state === 'left') &&
    services.every((service) => service.serving === 'yes' && service.backends.length > 0)
  )
}

const MEMBER_COLUMNS: readonly Column[] = [
  { title: 'NODE', min: 14 },
  { title: 'STATE' },
  { title: 'LINK' },
  { title: 'VOTER' },
  { title: 'ADDRESS', min: 15 },
  { title: 'LISTENS ON', min: 12 },
  { title: 'DIRECTS', min: 8 },
  { title: 'BOOT', align: 'right', optional: 1 },
  { title: 'ID', optional: 2 },
]

const MEMBER_STYLES: Readonly<Record<MemberView['state'], Style>> = {
  alive: 'good',
  suspect: 'warn',
  down: 'bad',
  left: 'dim',
}

function memberRow(member: MemberView): Row {
  const { name, self, state, sinceMs, voter, address, directs, boot, id } = member
  return {
    cells: [
      self ? `${name} (here)` : name,
      { text: `${state} ${formatSpan(sinceMs)}`, style: MEMBER_STYLES[state] },
      linkCell(member),
      voter ? 'yes' : 'no',
      address,
      listenersText(member),
      directs.length === 0 ? '–' : directs.join(', '),
      String(boot),
      shortId(id),
    ],
    notes: linkNotes(member),
  }
}

function linkCell({ link, state }: MemberView): Cell {
  if (link.state === 'self') return '–'
  if (link.state === 'up') return { text: 'up', style: 'good' }
  return { text: link.state, style: state === 'left' ? 'dim' : link.state === 'dialing' ? 'warn' : 'bad' }
}

function linkNotes({ link, state }: MemberView): readonly StyledText[] {
  if (link.why === undefined || link.state === 'up' || link.state === 'self' || state === 'left') return []
  return [{ text: `link: ${link.why}`, style: 'warn' }]
}

/** Ports alone where a program listens on the node's own address or on all; anything else with its address. */
function listenersText({ listeners, address }: MemberView): string {
  const texts = listeners.map((listener) =>
    isWildcard(listener.address) || listener.address === address ? String(listener.port) : formatEndpoint(listener),
  )
  return texts.length === 0 ? '–' : [...new Set(texts)].join(', ')
}

function renderElectorate(electorate: ElectorateView, screen: Screen): string[] {
  const { epoch, voters, quorum, reachable, pending } = electorate
  const names = voters.map(({ name }) => name).join(', ')
  const summary = `${plural(voters.length, 'voter')} (${names}), ${reachable} reachable, quorum ${quorum}, epoch ${epoch}`
  const lines = hang('Electorate   ', voters.length === 0 ? 'no voters known yet' : summary, screen.width)
  if (pending !== undefined) lines.push(...hang('             ', pending, screen.width))
  if (reachable >= quorum) return lines
  const lost = `No quorum: ${reachable} of ${voters.length} voters can be reached, ${quorum} are needed. No service can get a director until another voter is back.`
  return [...lines, ...hang('  ! ', lost, screen.width).map((line) => screen.paint('bad', line))]
}

function renderCounters(counters: CountersView, screen: Screen): string[] {
  const { accepted, active, ended, reset, refused, retried, bytesUp, bytesDown } = counters
  const counts = { accepted, active, ended, reset, refused, retried }
  const words = Object.entries(counts).map(([name, count]) => `${formatCount(count)} ${name}`)
  return [
    ...hang('Connections  ', words.join(', '), screen.width),
    ...hang('Bytes        ', `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down`, screen.width),
  ]
}
