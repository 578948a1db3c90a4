/** How connections of a service find their nodes, as an operator sees it: settings, what was said of nodes, and sentences for `why`. */
import type { NodeId } from '../../base/ids.js'
import { formatSpan } from '../../base/time.js'
import { type Assignment, isOrdinary } from '../../proxy/assignment.js'
import type { BackendSeat } from '../../proxy/lane-protocol.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import type { ListenerCandidate } from '../../proxy/listener-table.js'
import { mayServe } from '../../proxy/schedule/groups.js'
import type { Service } from '../../proxy/service.js'
import type { Knowledge } from '../knowledge.js'
import type { Quorums } from '../programs/quorums.js'
import type { AssignmentView, ChoiceView, SeatView } from './choice-protocol.js'
import type { Names } from './status.js'

export interface ChoiceFacts {
  readonly knowledge: Pick<Knowledge, 'assignments' | 'loadOf' | 'members'>
  /** As lanes hear them. */
  readonly seats: readonly BackendSeat[]
  readonly names: Names
  readonly quorate: boolean
  readonly report: LaneReport
  /** Of those that serve, the ones that are not reached from here. */
  readonly beyond: readonly NodeId[]
}

/** Of the node. */
export interface ChoosingNode {
  readonly knowledge: Pick<Knowledge, 'assignments' | 'loadOf' | 'members' | 'weighed'>
  /** No data link from here to it can be made. */
  readonly lacksData?: (node: NodeId) => boolean
  readonly programs: {
    readonly states: { readonly seats: (service: Service) => readonly BackendSeat[] }
    readonly news: { readonly quorums: Pick<Quorums, 'of'>; settle(): void }
  }
}

export function choiceFacts(node: ChoosingNode, service: Service, names: Names, report: LaneReport): ChoiceFacts {
  const { knowledge, programs } = node
  programs.news.settle()
  const seats = knowledge.weighed(service, programs.states.seats(service))
  const beyond = [...new Set(seats.map((seat) => seat.node))].filter((other) => node.lacksData?.(other) === true)
  return { knowledge, seats, names, quorate: programs.news.quorums.of(service.name), report, beyond }
}

export function assignmentView(node: NodeId, assignment: Assignment, names: Names): AssignmentView {
  return { ...names.ref(node), ...assignment, routerPriority: assignment.routerPriority ?? null }
}

export function choiceView(service: Service, { knowledge, seats, names, quorate, report }: ChoiceFacts): ChoiceView {
  const { assignments } = knowledge
  const said = assignments.nodesOf(service.name).filter((node) => !isOrdinary(assignments.of(service.name, node)))
  const placement = report.perService.find((row) => row.service === service.name)?.placement
  const able = ableNodes(seats).length
  return {
    assignments: said.map((node) => assignmentView(node, assignments.of(service.name, node), names)).sort(byName),
    ...(service.quorum > 0 && { quorum: { quorate, able, wanted: service.quorum } }),
    ...(placement && { placement }),
  }
}

export function seatView(service: Service, candidate: ListenerCandidate, { knowledge }: ChoiceFacts): SeatView {
  const { serve, priority, weight } = knowledge.assignments.of(service.name, candidate.node)
  const loadPermille = knowledge.loadOf(candidate.node)
  return {
    serves: serve,
    priority,
    weight,
    ...(loadPermille !== undefined && { loadPermille }),
  }
}

/** For `why`: how a node is chosen, who gets no connections and why, and what happens when none can. */
export function whyChosen(
  service: Service,
  { seats, names, quorate, beyond }: ChoiceFacts,
  heard: readonly NodeId[],
): string[] {
  const seated = new Set(seats.map(({ node }) => node))
  const kept = heard.filter((node) => !seated.has(node)).map((node) => names.ref(node).name)
  const sentences = [howChosen(service, seats)]
  if (kept.length > 0)
    sentences.push(`${kept.join(', ')} could serve it and ${kept.length === 1 ? 'is' : 'are'} not to (serve no).`)
  for (const seat of oncePerNode(seats)) {
    if (mayServe(seat)) continue
    sentences.push(`${seat.name} gets no new connections: ${whyNothing(seat)}.`)
  }
  if (beyond.length > 0) {
    const there = beyond.map((node) => names.ref(node).name).join(', ')
    sentences.push(
      `Directed from this node, ${there} would get no connections: neither of the two reaches the data ports of the other (a NAT or a filter is between them).`,
    )
  }
  if (!quorate) {
    const instead = service.sorry === '' ? 'those that are left serve' : `the sorry backend ${service.sorry} answers`
    sentences.push(`Fewer than the ${service.quorum} healthy nodes that it wants serve it: ${instead}.`)
  }
  if (service.parkMs > 0 && ableNodes(seats).length === 0)
    sentences.push(`Idle clients that it had are parked, each for ${formatSpan(service.parkMs)} at most.`)
  return sentences
}

/** For `why`: who is no candidate, because an operator said so. */
export function whyKeptOut(
  { name }: Service,
  { knowledge, names }: Pick<ChoiceFacts, 'knowledge' | 'names'>,
): string[] {
  const { keptOut } = knowledge.assignments.rulesOf(name)
  return keptOut.map((node) => {
    const { name: nodeName } = names.ref(node)
    return `${nodeName} never directs it, as an operator said: \`baton service node ${name} ${nodeName} --direct yes\` allows it.`
  })
}

const METHODS: Readonly<Record<string, string>> = {
  'round-robin': 'in turn',
  weighted: 'by their weights',
  'least-connections': 'the one with the fewest connections for its weight',
  'source-hash': "by the client's address (rendezvous)",
  maglev: "by the client's address (maglev)",
  first: 'the first that has room',
  failover: 'the first that can serve',
}

function howChosen(service: Service, seats: readonly BackendSeat[]): string {
  const able = oncePerNode(seats).filter((seat) => mayServe(seat))
  const tiers = [...new Set(able.map(({ priority = 1 }) => priority))].sort((a, b) => b - a)
  const [first] = tiers
  const top = able.filter(({ priority = 1 }) => priority === first).map(({ name }) => name)
  const method = METHODS[service.scheduler] ?? service.scheduler
  const limit =
    service.nodeConnections === 0
      ? ''
      : `; each takes ${service.nodeConnections} connections, and up to ${service.queue} more wait for ${formatSpan(service.queueMs)}`
  if (top.length === 0) return `Connections would be given to nodes, ${method}, and no node can have any now${limit}.`
  const lower = tiers.length > 1 ? `; of lower priority and not asked: ${able.length - top.length}` : ''
  return `Connections are given to ${top.join(', ')}: ${method}${lower}${limit}.`
}

function whyNothing({ weight, state = 'healthy' }: BackendSeat): string {
  return weight === 0 ? 'its weight is 0' : `it is ${state}`
}

function ableNodes(seats: readonly BackendSeat[]): BackendSeat[] {
  return oncePerNode(seats).filter((seat) => mayServe(seat))
}

function oncePerNode(seats: readonly BackendSeat[]): BackendSeat[] {
  return [...new Map(seats.map((seat) => [seat.node, seat])).values()]
}

function byName(a: AssignmentView, b: AssignmentView): number {
  return a.name < b.name ? -1 : 1
}
