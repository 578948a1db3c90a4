/** `baton status`: one screen that says how the cluster is, what is wrong first. */
import { formatEndpoint, isWildcard } from '../base/address.js'
import { shortId } from '../base/ids.js'
import { formatSpan } from '../base/time.js'
import type {
  CountersView,
  ElectorateView,
  MemberView,
  ServiceView,
  StatusView,
  SurvivalView,
} from '../node/control/control-protocol.js'
import type { Screen, Style, StyledText } from './colour.js'
import { renderDiscovery } from './discovery-view.js'
import { needsLook, renderServices } from './service-view.js'
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
    ...renderReleases(view.members, screen),
    ...renderDiscovery(view.discovery ?? [], screen),
    ...renderCounters(view.counters, screen),
    ...renderWaiting(view.services, screen),
    ...renderSurvival(view.survival, screen),
  ].join('\n')
}

function renderNode({ node }: StatusView, screen: Screen): string[] {
  const replaced = node.replaced === undefined ? [] : [`replaced ${formatSpan(node.replaced.agoMs)} ago`]
  const facts = [
    `up ${formatSpan(node.upMs)}`,
    ...replaced,
    `boot ${node.boot}`,
    `baton ${node.version}`,
    shortId(node.id),
  ]
  const state: Style = node.state === 'running' ? 'good' : 'warn'
  return [
    `${screen.paint('bold', node.name)}  ${screen.paint(state, node.state)}  ${screen.paint('dim', facts.join(' · '))}`,
    ...hang(
      '',
      `gossip ${node.gossip} · control ${node.control} · data ${node.data}${lanesOf(node)}`,
      screen.width,
    ).map((line) => screen.paint('dim', line)),
  ]
}

function lanesOf({ lanes }: StatusView['node']): string {
  return lanes.count === 0 ? '' : ` · ${plural(lanes.count, 'lane')} on ${lanes.engine}`
}

/** What concerns the whole comes first; what concerns a row stands under it, with the same mark. */
function renderVerdict(view: StatusView, screen: Screen): string[] {
  const lost = lostQuorum(view.electorate)
  const whole = [...(lost === undefined ? [] : [lost]), ...namesakes(view.members), ...view.warnings]
  const rows = view.members.filter(hasProblem).length + view.services.filter(needsLook).length
  const count = whole.length + rows
  if (count === 0) return view.node.state === 'running' ? ['', screen.paint('good', 'All is well.')] : []
  const title = count === 1 ? 'One thing needs a look, marked with !' : `${count} things need a look, marked with !`
  const items = whole.flatMap((warning) => hang('  ! ', warning, screen.width))
  return ['', screen.paint('bad', title), ...items.map((line) => screen.paint('bad', line))]
}

/** Hosts that were copied from one image have one name: all runs, and nobody knows which of them a line means. */
function namesakes(members: readonly MemberView[]): string[] {
  const byName = new Map<string, string[]>()
  for (const { name, id, state } of members) {
    if (state !== 'left') byName.set(name, [...(byName.get(name) ?? []), shortId(id)])
  }
  return [...byName]
    .filter(([, ids]) => ids.length > 1)
    .map(([name, ids]) => {
      return `${ids.length} nodes are called ${name}: commands want their ids, ${ids.join(' and ')}. A node has its name from \`baton init --name\` or \`baton up --token - --name\`, when it is made.`
    })
}

function lostQuorum({ voters, quorum, reachable }: ElectorateView): string | undefined {
  if (reachable >= quorum) return undefined
  return `No quorum: ${reachable} of ${plural(voters.length, 'voter')} can be reached, ${quorum} are needed. No service can get a director by majority until another voter is back; what is gone for good can be given up: \`baton forget\`.`
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
  const { name, self, state, sinceMs, address, boot, id } = member
  return {
    cells: [
      self ? `${name} (here)` : name,
      { text: `${state} ${formatSpan(sinceMs)}`, style: MEMBER_STYLES[state] },
      linkCell(member),
      voterCell(member),
      address,
      listenersText(member),
      directsCell(member),
      String(boot),
      shortId(id),
    ],
    notes: memberNotes(member),
  }
}

/** Drained is a state that somebody chose: no problem, and not to be overlooked. */
function directsCell({ directs, drained }: MemberView): Cell {
  const services = directs.join(', ')
  if (!drained) return services === '' ? '–' : services
  return { text: services === '' ? 'drained' : `drained, still ${services}`, style: 'warn' }
}

function voterCell({ voter, role }: MemberView): Cell {
  if (role === 'leaving') return { text: 'leaving', style: 'dim' }
  const word = voter ? 'yes' : 'no'
  return role === 'witness' ? `${word} (witness)` : word
}

function linkCell({ link, state }: MemberView): Cell {
  if (link.state === 'self') return '–'
  if (link.state === 'up') return { text: link.by === undefined ? 'up' : `up by ${link.by}`, style: 'good' }
  return { text: link.state, style: state === 'left' ? 'dim' : link.state === 'dialing' ? 'warn' : 'bad' }
}

function memberNotes(member: MemberView): readonly StyledText[] {
  const problem = memberProblem(member)
  return problem === undefined ? [] : [{ text: problem, style: member.state === 'down' ? 'bad' : 'warn' }]
}

function hasProblem(member: MemberView): boolean {
  return memberProblem(member) !== undefined
}

const NO_DATA =
  'no data link: neither of the two reaches the data ports of the other, so neither serves what the other directs'

function memberProblem({ state, link }: MemberView): string | undefined {
  const why = link.why === undefined ? '' : ` (${link.why})`
  if (state === 'down') return `down${why}: start it again with \`baton up\`, or look at its host`
  if (state === 'suspect') return `suspected${why}: it does not answer; within seconds it will count as alive or down`
  if (state === 'alive' && link.state === 'down') return `no control link${why}`
  if (state === 'alive' && link.noData) return NO_DATA
  return undefined
}

/**
 * Ports alone where a program listens on the node's own address or on all; anything else with its address. Who listens
 * stands behind its ports: `22 sshd, 80,443 nginx`; nothing, where it is not known.
 */
function listenersText({ listeners, address }: MemberView): string {
  const byName = new Map<string, Set<string>>()
  for (const listener of listeners) {
    const isPlain = isWildcard(listener.address) || listener.address === address
    const name = listener.program?.name ?? ''
    const where = byName.get(name) ?? new Set()
    byName.set(name, where.add(isPlain ? String(listener.port) : formatEndpoint(listener)))
  }
  const groups = [...byName].map(([name, where]) =>
    name === '' ? [...where].join(', ') : `${[...where].join(',')} ${name}`,
  )
  return groups.length === 0 ? '–' : groups.join(', ')
}

function renderElectorate(electorate: ElectorateView, screen: Screen): string[] {
  const { epoch, voters, quorum, reachable, pending } = electorate
  if (voters.length === 0) return ['Voters   none known yet']
  const names = voters.map(({ name }) => name).join(', ')
  const lines = hang('Voters   ', `${names} · ${reachable} reachable · quorum ${quorum} · epoch ${epoch}`, screen.width)
  const change = pending === undefined ? [] : hang('         ', pending, screen.width)
  const style: Style | undefined = reachable < quorum ? 'bad' : undefined
  return [...lines.map((line) => (style === undefined ? line : screen.paint(style, line))), ...change]
}

/** Where they differ. */
function renderReleases(members: readonly MemberView[], screen: Screen): string[] {
  const nodes = new Map<string, string[]>()
  for (const { release, state, name } of members) {
    if (release === undefined || state === 'left') continue
    const runs = release ?? 'before 0.2'
    nodes.set(runs, [...(nodes.get(runs) ?? []), name])
  }
  if (nodes.size < 2) return []
  const words = [...nodes].map(([runs, names]) => `${runs} on ${names.join(', ')}`)
  return hang('Releases ', `${words.join('; ')} (\`baton upgrade --check\`)`, screen.width)
}

/** What an operator wonders about before a director is rebooted. */
export function renderSurvival({ directed, survivable, mortal }: SurvivalView, screen: Screen): string[] {
  if (directed === 0) return []
  const words = Object.entries(mortal).map(([why, count]) => `${formatCount(count)} not: ${why}`)
  const whole = `${formatCount(survivable)} of ${plural(directed, 'connection')} directed here would live on without this node`
  return hang('Survival ', [whole, ...words].join('; '), screen.width)
}

/** Clients without a program, of what is directed here; the whole of it is in `service show`. */
function renderWaiting(services: readonly ServiceView[], screen: Screen): string[] {
  const words = services.flatMap(({ definition, choice }) => {
    const { waiting = 0, parked = 0 } = choice.placement ?? {}
    const parts = [
      ...(waiting === 0 ? [] : [`${formatCount(waiting)} for a node with room`]),
      ...(parked === 0 ? [] : [`${formatCount(parked)} parked until a program comes`]),
    ]
    return parts.length === 0 ? [] : [`${definition.name}: ${parts.join(', ')}`]
  })
  return words.length === 0 ? [] : hang('Waiting  ', words.join('; '), screen.width)
}

function renderCounters(counters: CountersView, screen: Screen): string[] {
  const { active, accepted, ended, reset, refused, retried, resumed, bytesUp, bytesDown, retained } = counters
  const counts = { active, accepted, ended, reset, refused, retried, resumed }
  const words = Object.entries(counts).map(([name, count]) => `${formatCount(count)} ${name}`)
  const { revived, proven, filled, inputLost, clientGone } = counters
  const verdicts = Object.entries({ proven, filled, 'reset for lost input': inputLost, gone: clientGone })
  const revivals = `${formatCount(revived)} connections of earlier directors: ${verdicts.map(([name, count]) => `${formatCount(count)} ${name}`).join(', ')}`
  return [
    ...hang('Splices  ', words.join(', '), screen.width),
    ...(revived === 0 ? [] : hang('Revived  ', revivals, screen.width)),
    ...hang(
      'Bytes    ',
      `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down, ${formatBytes(retained)} kept`,
      screen.width,
    ),
  ]
}
