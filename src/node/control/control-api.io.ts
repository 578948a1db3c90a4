/** Answers the control API from what the node's parts know; how a view looks is decided in `status` and `why`. */
import { formatEndpoint } from '../../base/address.js'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { LaneReport } from '../../proxy/lane-report.js'
import { contestOf, isOwned, type Service } from '../../proxy/service.js'
import { fieldsOfService } from '../../proxy/service-fields.js'
import type { AddressKeeper } from '../addresses/address-keeper.js'
import { oddAddressOf } from '../addresses/odd-address.io.js'
import type { Discovery } from '../discovery/discovery.io.js'
import { answerErrand } from '../errand-answers.io.js'
import type { KeysControl } from '../keys/keys-protocol.js'
import { Departure, type DepartureParts } from '../moves/departure.io.js'
import { drainDirector } from '../moves/draining.io.js'
import { Drill } from '../moves/drill.io.js'
import { drillKey, recordFrom } from '../moves/drill-record.js'
import { FaultOrders } from '../moves/fault-orders.io.js'
import { moveService } from '../moves/mover.io.js'
import { assign } from '../programs/assigning.io.js'
import { assignmentKey } from '../programs/assignments.js'
import { hostingView } from '../programs/hosting-words.js'
import { drainPrograms, nodeOf, programDrain } from '../programs/program-draining.io.js'
import { drainKeysOf } from '../programs/program-drains.js'
import { balanceServices, relocateService } from '../programs/relocating.io.js'
import { roleOf } from '../roles.js'
import type { AuditView } from '../seeing/audit.js'
import { exposition } from '../seeing/exposition.js'
import { metricsOf } from '../seeing/metrics.js'
import { type MetricsParts, metricsFacts } from '../seeing/metrics-facts.io.js'
import type { EventsView } from '../seeing/seeing-protocol.js'
import { importServices } from '../services/service-import.io.js'
import { notesHere } from '../services/service-notes.js'
import { drainWarnings, serviceWarnings } from '../services/service-warnings.js'
import { plannedService, serviceUnknown } from '../services/service-write.js'
import { registryKey } from '../services/services.js'
import { refuseMinority } from '../write-quorum.js'
import { choiceFacts, choiceView, seatView } from './choice.js'
import type {
  AssignmentWrite,
  AssignmentWritten,
  BalanceView,
  ControlApi,
  DepartureView,
  DrainProgramsRequest,
  DrainRequest,
  DrainView,
  ForgetRequest,
  ImportRequest,
  ImportView,
  MemberView,
  MoveRequest,
  MoveView,
  ProgramDrainView,
  RelocateView,
  ReplaceRequest,
  ReplaceView,
  ServiceView,
  ServiceWrite,
  ServiceWritten,
  SplicesView,
  StatusView,
  StoppingView,
  WhyView,
} from './control-protocol.js'
import type { DrillPlan, DrillReport, DrillRequest, Fault } from './drill-protocol.js'
import { servingSentences } from './serving-sentences.js'
import { countersView, definitionView, memberView, Names, serviceView, spliceView, survivalView } from './status.js'
import { electorateView, whyView } from './why.js'

export interface ControlApiParts extends MetricsParts {
  readonly keys: KeysControl & DepartureParts['keys']
  readonly audit: (limit: number) => AuditView
  readonly clock: Clock
  readonly logger: Logger
  readonly events: () => EventsView
  readonly linkOf: (node: NodeId) => MemberView['link']
  readonly query: (limit: number, service?: string) => Promise<LaneReport>
  /** How often another process has taken the place of this node's, and how long ago the last. */
  readonly replaced: { readonly times: number; readonly at: Millis }
  /** Gives all to another process, or throws why not. */
  readonly replace: (request: ReplaceRequest) => ReplaceView
  /** Starts that other process; rejects if it ends. */
  readonly reload: () => Promise<never>
  /** Ends the process in order. */
  readonly stop: () => void
  /** What is wrong with this host or its folder, beyond what services and members show. */
  readonly warnings: () => readonly string[]
  readonly discovery: Pick<Discovery, 'views'>
  /** Addresses of services that are on this host because it directs them. */
  readonly addresses: Pick<AddressKeeper, 'here' | 'counts'>
}

export class NodeApi implements ControlApi {
  readonly #departure: Departure
  readonly #drill: Drill

  constructor(private readonly parts: ControlApiParts) {
    this.#departure = new Departure(parts)
    const orders = new FaultOrders(parts)
    parts.node.errands.handler = (from, errand) => answerErrand(parts, orders, from, errand)
    this.#drill = new Drill(parts, orders)
  }

  async audit(limit: number): Promise<AuditView> {
    return this.parts.audit(limit)
  }

  get keys(): KeysControl {
    return this.parts.keys
  }

  async move(name: string, { to }: MoveRequest): Promise<MoveView> {
    return moveService(this.parts.node, this.parts.clock, this.#known(name), to)
  }

  async relocate(name: string, { to }: MoveRequest): Promise<RelocateView> {
    return relocateService(this.parts.node, this.parts.clock, this.#known(name), to)
  }

  async balance(): Promise<BalanceView> {
    return balanceServices(this.parts.node, this.parts.clock)
  }

  async metrics(): Promise<string> {
    const report = await this.parts.query(0)
    return exposition(metricsOf(metricsFacts(this.parts, report, this.#warnings().length)))
  }

  async events(): Promise<EventsView> {
    return this.parts.events()
  }

  async drillPlan(name: string, fault: Fault): Promise<DrillPlan> {
    return this.#drill.plan(this.#known(name), fault)
  }

  async drill(name: string, request: DrillRequest): Promise<DrillReport> {
    return this.#drill.run(this.#known(name), request)
  }

  async drain(request: DrainRequest): Promise<DrainView> {
    if (!request.undo) refuseMinority(this.parts)
    return drainDirector(this.parts.node, this.parts.clock, request)
  }

  async drainPrograms(request: DrainProgramsRequest): Promise<ProgramDrainView> {
    if (!request.undo && request.force !== true) refuseMinority(this.parts)
    if (request.service !== undefined) this.#known(request.service)
    return drainPrograms(this.parts, request)
  }

  async programDrain(node: string | undefined, service: string | undefined): Promise<ProgramDrainView> {
    if (service !== undefined) this.#known(service)
    return programDrain(this.parts, nodeOf(this.parts.node, node), service)
  }

  async stop(): Promise<StoppingView> {
    const { node, stop } = this.parts
    const directs = this.#memberViews().find(({ self }) => self)?.directs ?? []
    stop()
    return { node: this.#names().ref(node.self.node), directs, pid: process.pid }
  }

  leave(): Promise<DepartureView> {
    return this.#departure.leave()
  }

  forget({ nodes, force }: ForgetRequest): Promise<DepartureView> {
    return this.#departure.forget(nodes, force)
  }

  async replace(request: ReplaceRequest): Promise<ReplaceView> {
    return this.parts.replace(request)
  }

  reload(): Promise<StatusView> {
    return this.parts.reload()
  }

  async status(): Promise<StatusView> {
    const { node, clock, startedAt, version } = this.parts
    const report = await this.parts.query(0)
    const { self } = node
    const electorate = electorateView(node.machines.elections, self.node, this.parts.linked(), this.#names())
    const services = this.#serviceViews(report)
    return {
      node: {
        id: self.node,
        name: self.name,
        boot: self.boot,
        version,
        upMs: clock.now() - startedAt,
        ...replacedView(this.parts.replaced, clock.now()),
        gossip: formatEndpoint(self.gossip),
        control: formatEndpoint(self.control),
        data: formatEndpoint(self.data),
        lanes: this.parts.lanes,
        state: node.isStopping ? 'stopping' : 'running',
      },
      electorate,
      members: this.#memberViews(),
      services,
      counters: countersView(report),
      survival: survivalView(report),
      discovery: this.parts.discovery.views(node.knowledge.members),
      warnings: this.#warnings(),
    }
  }

  async services(): Promise<readonly ServiceView[]> {
    return this.#serviceViews(await this.parts.query(0))
  }

  async service(name: string): Promise<ServiceView> {
    const service = this.#known(name)
    return this.#serviceView(service, await this.parts.query(0))
  }

  async writeService(name: string, write: ServiceWrite): Promise<ServiceWritten> {
    const { node, clock } = this.parts
    const service = plannedService(name, write, this.#existing())
    if (write.force !== true) refuseMinority(this.parts)
    const notes = write.force === true ? [] : await this.#refuseOddAddress(service, write)
    const key = registryKey(name)
    const fields =
      write.mode === 'create' ? { ...fieldsOfService(service), createdAtMs: clock.wall() } : changed(service, write)
    const problems = node.machines.registry.check(key, fields)
    if (problems.length > 0) throw new BatonError('ERR_SERVICE_INVALID', problems.join('; '))
    node.write([{ name: key, changes: fields }])
    return { service: definitionView(service), notes: [...notes, ...notesHere(service, node.knowledge)] }
  }

  async removeService(name: string, force = false): Promise<void> {
    const { node } = this.parts
    const { shadowed, unreadable } = node.knowledge.services
    const outOfForce = [...shadowed.map(({ service }) => service.name), ...unreadable.map((entry) => entry.name)]
    if (!outOfForce.includes(name)) this.#known(name)
    if (!force) refuseMinority(this.parts)
    const assigned = node.knowledge.assignments.nodesOf(name).map((id) => assignmentKey(name, id))
    const entries = [registryKey(name), drillKey(name), ...drainKeysOf(this.#keys(), { service: name }), ...assigned]
    node.write(entries.map((entry) => ({ name: entry, changes: undefined })))
  }

  async assign(name: string, wanted: string, write: AssignmentWrite): Promise<AssignmentWritten> {
    const service = this.#known(name)
    if (write.force !== true) refuseMinority(this.parts)
    return assign(this.parts.node, service, wanted, write)
  }

  async importServices(request: ImportRequest): Promise<ImportView> {
    if (!request.force && !request.dryRun) refuseMinority(this.parts)
    return importServices(this.parts.node, this.parts.clock, this.parts.addresses.here, request)
  }

  async splices(filter: { service?: string; limit: number }): Promise<SplicesView> {
    if (filter.service !== undefined) this.#known(filter.service)
    const report = await this.parts.query(filter.limit, filter.service)
    const { splices, total } = report
    const [names, now] = [this.#names(), this.parts.clock.now()]
    return { splices: splices.map((splice) => spliceView(splice, names, now)), total, survival: survivalView(report) }
  }

  async why(name: string): Promise<WhyView> {
    const service = this.#known(name)
    const { node, clock } = this.parts
    const explanation = node.machines.elections.explain(contestOf(service), clock.now())
    const drained = this.#drained()
    const view = whyView(name, explanation, this.#names(), this.#obstacles(service), clock.now(), drained)
    const facts = choiceFacts(node, service, this.#names(), await this.parts.query(0))
    return { ...view, sentences: [...view.sentences, ...servingSentences(node, service, facts)] }
  }

  #keys(): string[] {
    return this.parts.node.machines.registry.entries().map(([key]) => key)
  }

  #existing(): Service[] {
    const { active, shadowed } = this.parts.node.knowledge.services
    return [...active, ...shadowed.map(({ service }) => service)]
  }

  #known(name: string): Service {
    const service = this.parts.node.knowledge.service(name)
    if (service === undefined) throw serviceUnknown(name, this.#existing())
    return service
  }

  #names(): Names {
    return new Names(this.parts.node.knowledge.members)
  }

  #serviceViews(report: LaneReport): ServiceView[] {
    const { active } = this.parts.node.knowledge.services
    return [...active].sort((a, b) => (a.name < b.name ? -1 : 1)).map((service) => this.#serviceView(service, report))
  }

  #serviceView(service: Service, report: LaneReport): ServiceView {
    const { knowledge, machines, programs } = this.parts.node
    const explanation = machines.elections.explain(contestOf(service), this.parts.clock.now())
    const names = this.#names()
    const { term } = explanation
    const obstacles = this.#obstacles(service)
    const choice = choiceFacts(this.parts.node, service, names, report)
    const why = whyView(service.name, explanation, names, obstacles, this.parts.clock.now(), this.#drained())
    return serviceView(service, {
      names,
      term,
      alone: explanation.alone,
      why: why.sentences[0] ?? '',
      backends: programs.states.backends(service),
      choice: choiceView(service, choice),
      seatOf: (candidate) => seatView(service, candidate, choice),
      report,
      hosting: hostingView(service, programs.tenures, names),
      here: isOwned(service) ? this.parts.addresses.counts(service.address) : undefined,
      serving: term === undefined ? undefined : knowledge.servingBy(term.holder, service.name),
      drill: recordFrom(machines.registry.get(drillKey(service.name))),
      problem: obstacles.length === 0 ? undefined : obstacles.join('; '),
    })
  }

  #drained(): NodeId[] {
    const { members } = this.parts.node.knowledge
    return members.filter(({ profile }) => roleOf(profile.flags).drained).map(({ profile }) => profile.node)
  }

  /** What nodes say keeps them from directing a service. */
  #obstacles(service: Service): string[] {
    const { knowledge } = this.parts.node
    return knowledge.members
      .filter(({ state }) => state === 'alive')
      .flatMap(({ profile }) => knowledge.servingBy(profile.node, service.name)?.problem ?? [])
      .filter((problem) => problem !== '')
  }

  #memberViews(): MemberView[] {
    const { node, clock, linkOf } = this.parts
    const { knowledge, machines, self } = node
    // Once for each service, not for each service and member.
    const directors = knowledge.services.active.map((service) => {
      return { name: service.name, holder: machines.elections.explain(contestOf(service), clock.now()).term?.holder }
    })
    const directs = (id: NodeId) => directors.filter(({ holder }) => holder === id).map(({ name }) => name)
    const facts = {
      self: self.node,
      now: clock.now(),
      names: this.#names(),
      voters: new Set<NodeId>(machines.elections.electorate().voters),
      servicePorts: (port: number) => knowledge.isServicePort(port),
      listenersOf: (id: NodeId) => knowledge.programsOf(id),
      linkOf,
      directs,
      releaseOf: (id: NodeId) => knowledge.releaseOf(id),
    }
    return [...knowledge.members]
      .sort((a, b) => (a.profile.name < b.profile.name ? -1 : 1))
      .map((member) => memberView(member, facts))
  }

  #warnings(): string[] {
    const { knowledge, programs } = this.parts.node
    return [...this.parts.warnings(), ...serviceWarnings(knowledge.services), ...drainWarnings(knowledge, programs)]
  }

  async #refuseOddAddress(service: Service, write: ServiceWrite): Promise<string[]> {
    if (write.mode === 'set' && write.fields['address'] === undefined && write.fields['own'] === undefined) return []
    const odd = await oddAddressOf(service, this.parts.addresses.here)
    if (odd === undefined) return []
    throw new BatonError(odd.code, `${service.address} ${odd.problem}`, { hint: odd.hint })
  }
}

function replacedView({ times, at }: ControlApiParts['replaced'], now: Millis): Pick<StatusView['node'], 'replaced'> {
  return times === 0 ? {} : { replaced: { times, agoMs: now - at } }
}

/** Only what was asked for: a `set` on another node at the same time keeps its own fields. */
function changed(service: Service, write: ServiceWrite): Record<string, string | number> {
  return Object.fromEntries(Object.entries(fieldsOfService(service)).filter(([field]) => field in write.fields))
}
