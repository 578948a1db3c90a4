/**
 * What an operator sees, put together from what the node's parts know. Pure: a snapshot of the parts in, the views of
 * the control protocol out.
 */
import { formatEndpoint } from '../../base/address.js'
import { type NodeId, shortId, type Term } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { Member } from '../../gossip/ports.js'
import type { LaneReport, SpliceReport } from '../../proxy/lane-report.js'
import { formatPorts } from '../../proxy/port-list.js'
import type { Service } from '../../proxy/service.js'
import { makesConnections } from '../../proxy/service-outward.js'
import type { AddressCounts } from '../addresses/address-keeper.js'
import type { Serving } from '../node-facts.js'
import type { Backend } from '../programs/backend-states.js'
import { roleOf } from '../roles.js'
import type {
  ChoiceView,
  CountersView,
  HostingView,
  ListenerView,
  MemberView,
  NodeRef,
  OutwardView,
  SeatView,
  ServiceDefinitionView,
  ServiceView,
  SpliceView,
  SurvivalView,
  TermView,
} from './control-protocol.js'
import type { DrillRecordView } from './drill-protocol.js'

/** Names of nodes, also of those that gossip has not told of yet. */
export class Names {
  readonly #names: ReadonlyMap<NodeId, string>

  /** `others`: names of nodes that may be no members. */
  constructor(members: readonly Member[], others: ReadonlyMap<NodeId, string> = new Map()) {
    this.#names = new Map([...others, ...members.map(({ profile }) => [profile.node, profile.name] as const)])
  }

  ref(id: NodeId): NodeRef {
    return { id, name: this.#names.get(id) ?? shortId(id) }
  }

  term(term: Term): TermView {
    return { number: term.number, holder: this.ref(term.holder) }
  }
}

export function definitionView({ ports, ...rest }: Service): ServiceDefinitionView {
  return { ...rest, ports: formatPorts(ports) }
}

export interface MemberFacts {
  readonly self: NodeId
  readonly now: Millis
  readonly names: Names
  readonly voters: ReadonlySet<NodeId>
  /** Ports of all services: listeners on others are nobody's business here. */
  readonly servicePorts: (port: number) => boolean
  readonly listenersOf: (node: NodeId) => readonly ListenerView[]
  readonly linkOf: (node: NodeId) => MemberView['link']
  readonly directs: (node: NodeId) => readonly string[]
  /** See Knowledge. */
  readonly releaseOf: (node: NodeId) => string | undefined
}

export function memberView(member: Member, facts: MemberFacts): MemberView {
  const { node, name, boot, gossip, flags } = member.profile
  const self = node === facts.self
  const release = facts.releaseOf(node)
  return {
    id: node,
    name,
    self,
    state: member.state,
    sinceMs: Math.max(0, facts.now - member.since),
    boot,
    address: gossip.address,
    voter: facts.voters.has(node),
    role: roleName(flags),
    drained: roleOf(flags).drained,
    priority: roleOf(flags).priority,
    link: self ? { state: 'self' } : facts.linkOf(node),
    listeners: facts.listenersOf(node).filter(({ port }) => facts.servicePorts(port)),
    directs: facts.directs(node),
    ...(release !== undefined && { release: release === '' ? null : release }),
  }
}

function roleName(flags: number): MemberView['role'] {
  const { witness, leaving } = roleOf(flags)
  if (leaving) return 'leaving'
  return witness ? 'witness' : 'node'
}

export interface ServiceFacts {
  readonly names: Names
  /** The term in force as far as this node knows. */
  readonly term: Term | undefined
  /** Held without a majority. */
  readonly alone: boolean
  /** One line: who directs and why, or why nobody. */
  readonly why: string
  readonly backends: readonly Backend[]
  readonly report: LaneReport
  /** What the director says of itself; `undefined`: not heard yet, or there is none. */
  readonly serving: Serving | undefined
  readonly here: AddressCounts | undefined
  /** What others say is in their way, when nobody serves. */
  readonly problem: string | undefined
  readonly drill: DrillRecordView | undefined
  readonly choice: ChoiceView
  readonly seatOf: (backend: Backend) => SeatView
  readonly hosting?: HostingView | undefined
}

export function serviceView(service: Service, facts: ServiceFacts): ServiceView {
  const { names, term, report, serving, problem } = facts
  const mine = report.perBackend.filter((row) => row.service === service.name)
  const { uploads, introductions } = report.perService.find((row) => row.service === service.name) ?? {}
  const state = servingState(term, serving)
  // What keeps others from directing is no problem while somebody serves; what that one says of itself is.
  const shown = state === 'yes' ? serving?.problem : problem
  return {
    definition: definitionView(service),
    director: term === undefined ? null : names.ref(term.holder),
    term: term === undefined ? null : names.term(term),
    alone: facts.alone,
    serving: state,
    why: facts.why,
    ...(shown && { problem: shown }),
    ...(facts.here !== undefined && { here: facts.here }),
    ...(uploads !== undefined && { uploads }),
    choice: facts.choice,
    backends: facts.backends.map((backend) => ({
      ...facts.seatOf(backend),
      node: names.ref(backend.node),
      port: backend.port,
      address: backend.address,
      splices: mine.find((row) => row.node === backend.node)?.splices ?? 0,
      state: backend.state,
      why: backend.why,
      ...(backend.program && { program: backend.program }),
    })),
    ...(introductions && service.acceptProxy !== '' && { introductions }),
    splices: mine.reduce((sum, row) => sum + row.splices, 0),
    ...(facts.hosting !== undefined && { hosting: facts.hosting }),
    ...(makesConnections(service) && { outward: outwardView(service.name, report) }),
    ...(facts.drill !== undefined && { drill: facts.drill }),
  }
}

function outwardView(name: string, { doors, perService }: LaneReport): OutwardView {
  const found = doors.find(({ service }) => service === name)
  const nothing = { why: '', lanes: 0, cgroup: '', whyNot: 'the node carries no connections', whyNoAlias: '' }
  const { why: door, lanes, cgroup, whyNot, whyNoAlias } = found ?? nothing
  const directed = perService.find(({ service }) => service === name)?.outward
  return { door, lanes, cgroup, whyNot, whyNoAlias, ...(directed !== undefined && { directed }) }
}

/** `unknown`: the director of this term has not said yet. */
function servingState(term: Term | undefined, serving: Serving | undefined): ServiceView['serving'] {
  if (term === undefined) return 'no'
  if (serving?.term !== term.number) return 'unknown'
  return serving.state === 'serving' ? 'yes' : 'no'
}

export function countersView(report: LaneReport): CountersView {
  const { incidents: _, accessDropped: _dropped, ...counters } = report.counters
  return { ...counters, active: report.active }
}

export function survivalView({ directed, survivable, mortal }: LaneReport): SurvivalView {
  return { directed, survivable, mortal }
}

export function spliceView(splice: SpliceReport, names: Names, now: Millis): SpliceView {
  const { id, service, direction, here, state, client, via, destination, server, bytesUp, bytesDown, mortal, unheld } =
    splice
  return {
    id,
    service,
    direction,
    here,
    state,
    director: names.ref(splice.director),
    backend: splice.backend === undefined ? null : names.ref(splice.backend),
    term: splice.term.number,
    client: { from: formatEndpoint(client), to: formatEndpoint(destination), ...(via && { via: formatEndpoint(via) }) },
    server: server === undefined ? null : { from: formatEndpoint(server.from), to: formatEndpoint(server.to) },
    ageMs: Math.max(0, now - splice.startedAt),
    idleMs: Math.max(0, now - splice.activeAt),
    bytesUp,
    bytesDown,
    mortal,
    ...(unheld !== undefined && { unheld }),
  }
}
