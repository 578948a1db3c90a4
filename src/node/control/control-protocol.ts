/**
 * What the CLI and the node say to each other over the unix socket: JSON bodies of `/v1/…`. Both sides import these
 * types and nothing else of each other. A release may add fields, never change the meaning of one.
 */
import type { Program } from '../../base/program.js'
import type { Millis } from '../../base/time.js'
import type { ChoosingSettings } from '../../proxy/choosing.js'
import type { IntroductionReport, UploadsReport } from '../../proxy/lane-report.js'
import type { OutwardReport } from '../../proxy/outward-report.js'
import type { BackendState } from '../../proxy/schedule/scheduler.js'
import type { CheckSettings } from '../../proxy/service-check.js'
import type { HostingSettings } from '../../proxy/service-hosting.js'
import type { IdentitySettings } from '../../proxy/service-identity.js'
import type { OutwardSettings } from '../../proxy/service-outward.js'
import type { AddressCounts } from '../addresses/address-keeper.js'
import type { DiscoveryStatus, LinkView } from '../discovery/discovery-protocol.js'
import type { KeysControl } from '../keys/keys-protocol.js'
import type { AuditView } from '../seeing/audit.js'
import type { EventsView } from '../seeing/seeing-protocol.js'
import type { AssignmentWrite, AssignmentWritten, ChoiceView, SeatView } from './choice-protocol.js'
import type { DrillPlan, DrillRecordView, DrillReport, DrillRequest, Fault } from './drill-protocol.js'
import type {
  BalanceView,
  DrainProgramsRequest,
  HostingView,
  ProgramDrainView,
  RelocateView,
  StoppingView,
} from './hosting-protocol.js'
import type { ImportRequest, ImportView } from './import-protocol.js'
import type { NodeRef, TermView } from './node-ref.js'
import type { ReplaceRequest, ReplaceView } from './replace-protocol.js'
import type { WhyView } from './why-protocol.js'

export type * from '../discovery/discovery-protocol.js'
export type * from '../keys/keys-protocol.js'
export type { AuditRecord, AuditView } from '../seeing/audit.js'
export type { AssignmentView, AssignmentWrite, AssignmentWritten, ChoiceView, SeatView } from './choice-protocol.js'
export type * from './error-view.js'
export type * from './hosting-protocol.js'
export type * from './import-protocol.js'
export type { NodeRef, TermView } from './node-ref.js'
export type * from './replace-protocol.js'
export type { VoteView, WhyView } from './why-protocol.js'

export interface ListenerView {
  readonly address: string
  readonly port: number
  /** Its process, as its node sees it; missing where that cannot be known (`baton doctor` says why). */
  readonly program?: Program
}

export interface MemberView extends NodeRef {
  readonly self: boolean
  readonly state: 'alive' | 'suspect' | 'down' | 'left'
  /** How long it has been in that state. */
  readonly sinceMs: Millis
  readonly boot: number
  readonly address: string
  readonly voter: boolean
  /** A witness only votes; a node that leaves does no longer. */
  readonly role: 'node' | 'witness' | 'leaving'
  /** An operator wants it to direct nothing until further notice. */
  readonly drained: boolean
  /** Router priority. */
  readonly priority: number
  readonly link: LinkView
  /** Listeners on ports that some service names; all of them with `?all`. */
  readonly listeners: readonly ListenerView[]
  readonly directs: readonly string[]
  /** Of Baton; `null`: it is of a release before 0.2; missing: not known, or the asked node is of such a release itself. */
  readonly release?: string | null
}

export interface ElectorateView {
  readonly epoch: number
  readonly voters: readonly NodeRef[]
  readonly quorum: number
  /** Voters whose control link is up, this node among them. */
  readonly reachable: number
  /** A change under way, in words. */
  readonly pending?: string
}

/** A service as its definition says, in the words of the command line. */
export interface ServiceDefinitionView
  extends CheckSettings,
    ChoosingSettings,
    HostingSettings,
    IdentitySettings,
    OutwardSettings {
  readonly name: string
  readonly address: string
  /** `8080,8443,9000-9010` */
  readonly ports: string
  readonly own: string
  /** The program that brings the address and takes it away; empty: none. */
  readonly hook: string
  /** Where the address is announced; empty: where it fits a subnet. */
  readonly interface: string
  /** Ports on which nodes answer other hosts by this address alone; empty: none. */
  readonly hide: string
  /** Ports that nodes give to nobody who asks for any; empty: none. */
  readonly reserve: string
  readonly local: string
  readonly connectMs: Millis
  readonly idleMs: Millis
  readonly parkMs: Millis
  readonly keepaliveMs: Millis
  /** `fast` or `survive`: see service. */
  readonly uploads: string
  readonly failback: string
  /** The node that may direct without a majority; empty: none. */
  readonly alone: string
}

export interface BackendView extends SeatView {
  readonly node: NodeRef
  readonly port: number
  readonly address: string
  readonly splices: number
  /** Only one that is healthy takes new connections. */
  readonly state: BackendState
  /** The last words of its check, an operator's order, which node is active; empty: nothing speaks against it. */
  readonly why: string
  /** As of a listener. */
  readonly program?: Program
}

export interface ServiceView {
  readonly definition: ServiceDefinitionView
  readonly director: NodeRef | null
  readonly term: TermView | null
  /** The term is held without a majority, by the node that the service names for that. */
  readonly alone: boolean
  /** The director accepts connections on every port, or what is in the way. */
  readonly serving: 'yes' | 'no' | 'unknown'
  /** One line: why this director, or why none; what is wrong, and the way out. */
  readonly why: string
  readonly problem?: string
  /** Where the asked node has the address, because it directs. */
  readonly here?: AddressCounts
  /** Where the asked node directs a service with `uploads: survive`. */
  readonly uploads?: UploadsReport
  readonly backends: readonly BackendView[]
  readonly choice: ChoiceView
  /** Where programs may ask for connections under its address. A node of an earlier release does not tell. */
  readonly outward?: OutwardView
  /** Of the asked node, where it directs, and the service has proxies in front. */
  readonly introductions?: IntroductionReport
  /** Of mode single: where it runs. */
  readonly hosting?: HostingView
  /** Splices that this node knows of, as director or as backend. */
  readonly splices: number
  /** The last `baton drill`, wherever it ran. */
  readonly drill?: DrillRecordView
}

export interface CountersView {
  readonly accepted: number
  readonly active: number
  readonly ended: number
  readonly reset: number
  /** Connections for which no node could be found or none answered. */
  readonly refused: number
  /** Attempts that were made again on another node before the client noticed. */
  readonly retried: number
  readonly bytesUp: number
  readonly bytesDown: number
  /** Times that a splice went on over another data link, because its own had broken. */
  readonly resumed: number
  /** Bytes kept now, to be sent again if a link or a director is lost. */
  readonly retained: number
  /** Connections of an earlier director that were rebuilt here. */
  readonly revived: number
  /** Of those: known to be whole; whole after the client had sent again what was lacking; reset, since bytes of the client were lost; ended by the client. */
  readonly proven: number
  readonly filled: number
  readonly inputLost: number
  readonly clientGone: number
  /** Of services with `uploads: survive`: connections that found no room; and times that one was acknowledged what was not safe after all. */
  readonly holdsRefused: number
  readonly holdsLate: number
}

/** Connections that this node directs, if it died now. */
export interface SurvivalView {
  readonly directed: number
  readonly survivable: number
  /** Of the others: how many for each reason. */
  readonly mortal: Readonly<Record<string, number>>
}

/** What carries connections on a node. A witness has no lanes. */
export interface LanesView {
  readonly count: number
  readonly engine: 'epoll' | 'net'
  /** Why this engine and no other, in words. */
  readonly why: string
}

export interface StatusView extends DiscoveryStatus {
  readonly node: NodeRef & {
    readonly boot: number
    readonly version: string
    readonly upMs: Millis
    /** How often a process has taken the place of another since the start, and how long ago the last did. */
    readonly replaced?: { readonly times: number; readonly agoMs: Millis }
    readonly gossip: string
    readonly control: string
    readonly data: string
    readonly lanes: LanesView
    readonly state: 'starting' | 'running' | 'stopping'
  }
  readonly electorate: ElectorateView
  readonly members: readonly MemberView[]
  readonly services: readonly ServiceView[]
  readonly counters: CountersView
  readonly survival: SurvivalView
  /** What an operator should look at, each with its way out; empty when all is well. */
  readonly warnings: readonly string[]
}

export interface OutwardView {
  /** Why nobody can ask on the answering node; empty: one can. */
  readonly door: string
  /** How many lanes of it take programs. A node of an earlier release does not tell. */
  readonly lanes?: number
  /** Connections of programs in this cgroup of that node leave under the address; or why that cannot be had. */
  readonly cgroup: string
  readonly whyNot: string
  /** The same of the ports of `outAlias`; empty: they do, or there are none. */
  readonly whyNoAlias: string
  /** What the answering node has made, which directs the service. */
  readonly directed?: OutwardReport
}

export interface SpliceView {
  readonly id: string
  readonly service: string
  /**
   * `out`: a program of the backend's node has made the connection: `client.from` is where it leads, `client.to` the service's address
   * with its source port, `server` between the program and its node. A node of an earlier release does not tell.
   */
  readonly direction?: 'in' | 'out'
  /** Which halves are on the answering node. */
  readonly here: 'client' | 'backend' | 'both'
  readonly state: 'dialing' | 'open' | 'half-closed' | 'closing' | 'parked'
  readonly director: NodeRef
  readonly backend: NodeRef | null
  readonly term: number
  /** The client's connection: from the client to the service address; `via` the proxy in front that has said who the client is. */
  readonly client: { readonly from: string; readonly to: string; readonly via?: string }
  /** The backend's connection, once it stands: from the chosen node to its program. */
  readonly server: { readonly from: string; readonly to: string } | null
  readonly ageMs: Millis
  readonly idleMs: Millis
  /** Client to backend, and backend to client. */
  readonly bytesUp: number
  readonly bytesDown: number
  /** Why it would end with its director; empty: it would live on. */
  readonly mortal: string
  /** Why its client is acknowledged what is not safe yet; empty: it is not; missing: that is not wanted, or its director is another node. */
  readonly unheld?: string
}

export interface SplicesView {
  readonly survival: SurvivalView
  readonly splices: readonly SpliceView[]
  /** All that match, also those that `limit` left out. */
  readonly total: number
}

/** `PUT /v1/services/NAME`: fields as typed on the command line; `create` refuses an existing name, `set` a missing one. */
export interface ServiceWrite {
  readonly mode: 'create' | 'set'
  readonly fields: Readonly<Record<string, string | number>>
  /** Accept an address that this host does not have (another node may), and a write that no majority can hear of. */
  readonly force?: boolean
}

export interface ServiceWritten {
  readonly service: ServiceDefinitionView
  readonly notes: readonly string[]
}

/** After `POST /v1/leave` or `/v1/forget`: who is gone, and who votes now. */
export interface DepartureView {
  readonly gone: readonly NodeRef[]
  readonly epoch: number
  readonly voters: readonly NodeRef[]
}

/** `to`: a name, or the beginning of an id; missing: the next in the order of directors. */
export interface MoveRequest {
  readonly to?: string
}

/** After `POST /v1/services/:name/move`. */
export interface MoveView {
  readonly service: string
  readonly from: NodeRef
  readonly to: NodeRef
  /** Until the new director served. */
  readonly ms: Millis
}

/** `POST /v1/drain/director`. `node`: a name, or the beginning of an id; the asked node if missing. */
export interface DrainRequest {
  readonly node?: string
  readonly undo: boolean
}

export interface DrainView {
  readonly node: NodeRef
  /** `false`: it was undone. */
  readonly drained: boolean
  readonly moved: readonly { readonly service: string; readonly to: NodeRef | null }[]
  /** What it directs all the same, since no other node has taken it yet. */
  readonly still: readonly string[]
}

/** `nodes`: names, or the beginnings of ids. */
export interface ForgetRequest {
  readonly nodes: readonly string[]
  /** Without a majority, by this voter alone. */
  readonly force: boolean
}

/** What the node answers with; the control server turns it into HTTP. Problems are thrown as `BatonError`. */
export interface ControlApi {
  readonly keys: KeysControl
  /** What was done here by commands, the last `limit` of it. */
  audit(limit: number): Promise<AuditView>
  status(): Promise<StatusView>
  services(): Promise<readonly ServiceView[]>
  service(name: string): Promise<ServiceView>
  writeService(name: string, write: ServiceWrite): Promise<ServiceWritten>
  removeService(name: string, force?: boolean): Promise<void>
  /** `node`: a name, or the beginning of an id. */
  assign(service: string, node: string, write: AssignmentWrite): Promise<AssignmentWritten>
  importServices(request: ImportRequest): Promise<ImportView>
  splices(filter: { service?: string; limit: number }): Promise<SplicesView>
  why(service: string): Promise<WhyView>
  move(service: string, request: MoveRequest): Promise<MoveView>
  relocate(service: string, request: MoveRequest): Promise<RelocateView>
  balance(): Promise<BalanceView>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
  events(): Promise<EventsView>
  drillPlan(service: string, fault: Fault): Promise<DrillPlan>
  drill(service: string, request: DrillRequest): Promise<DrillReport>
  drain(request: DrainRequest): Promise<DrainView>
  drainPrograms(request: DrainProgramsRequest): Promise<ProgramDrainView>
  programDrain(node: string | undefined, service: string | undefined): Promise<ProgramDrainView>
  /** Moves what it directs and hosts, and ends the process in order: the answer comes before that. */
  stop(): Promise<StoppingView>
  leave(): Promise<DepartureView>
  forget(request: ForgetRequest): Promise<DepartureView>
  replace(request: ReplaceRequest): Promise<ReplaceView>
  /** Answers only if that fails: otherwise the process that was asked is no more. */
  reload(): Promise<StatusView>
}
