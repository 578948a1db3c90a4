/**
 * What the control plane and a lane say to each other. Messages are plain data (they cross a thread boundary by
 * structured clone); nothing else is shared but the lease deadlines. Every answer names what it answers.
 */
import type { Endpoint } from '../base/address.js'
import type { NodeId, Term } from '../base/ids.js'
import type { LogFields, LogLevel } from '../base/log.js'
import type { HeldShare } from './held-share.js'
import type { LaneReport } from './lane-report.js'
import type { Reason } from './reasons.js'
import type { Candidate } from './schedule/scheduler.js'
import type { Service } from './service.js'
import type { UsageCell } from './usage.js'

export type EngineName = 'net' | 'epoll'

/** Handed to a lane when it starts. */
export interface LaneSetup {
  /** From 0, of `lanes`. */
  readonly lane: number
  readonly lanes: number
  readonly node: NodeId
  readonly name: string
  readonly boot: number
  /** Source of backend connections, and where the lane listens for data links. */
  readonly address: string
  readonly engine: EngineName
  readonly seed: number
  /** What is below is not even told to the control plane: a line for each splice would cost more than the splice. */
  readonly logLevel: LogLevel
  /** A line is wanted of each splice that is over. */
  readonly records?: boolean
  /** Lease deadlines, one slot a service: see lease-slots. */
  readonly leases: SharedArrayBuffer
  /** See shared-counters. */
  readonly counters: SharedArrayBuffer
  /** See usage; not given: the lane is the only one. */
  readonly usage?: SharedArrayBuffer
  /** See port-account; and how many ports the kernel may give to outgoing connections. Not given: they are not counted. */
  readonly ports?: SharedArrayBuffer
  readonly portRange?: number
  /** It goes on with what another process has; until `take-over` it only listens to what it is told. */
  readonly inherits?: boolean
  /** See descriptor-table; not given: what the lane opens is not recorded. */
  readonly descriptors?: SharedArrayBuffer
}

/** A client's connection of a lane that has died, as it stands in the kernel. */
export interface Bequest {
  readonly fd: number
  readonly client: Endpoint
  readonly destination: Endpoint
  /** Accepted by that lane, and not rebuilt there. */
  readonly isAccepted: boolean
}

export interface NodeName {
  readonly node: NodeId
  readonly name: string
}

/** A node that listens on a port of a service now. */
export interface BackendSeat extends NodeName, Pick<Candidate, 'priority' | 'weight' | 'state' | 'loadPermille'> {
  readonly port: number
}

/** A program of this node, as the backend half reaches it. */
export interface LocalListener {
  readonly port: number
  readonly address: string
  /** By addresses of the other family, where it listens on such as well. */
  readonly other?: string
}

export interface LinkKeys {
  /** 16 bytes. */
  readonly linkId: Uint8Array
  /** 32 bytes each; `out` seals what this side sends. */
  readonly out: Uint8Array
  readonly in: Uint8Array
  /** What seals (trunk/suites). */
  readonly suite: SuiteName
}

export type SuiteName = 'secretstream' | 'aes-256-gcm' | 'aegis-128l'

export type ToLane =
  | { readonly type: 'listen-data'; readonly port: number }
  | { readonly type: 'link-expect'; readonly peer: NodeName; readonly pair: number; readonly keys: LinkKeys }
  | {
      readonly type: 'link-dial'
      readonly peer: NodeName
      readonly pair: number
      readonly keys: LinkKeys
      readonly to: Endpoint
    }
  /** Thought to be dead: whoever waits for it waits in vain. `hasEnded`: its process has; otherwise it may only stand still, and wake. */
  | { readonly type: 'peer-gone'; readonly peer: NodeId; readonly hasEnded: boolean }
  /** The whole truth each time: services, who listens, and what listens here. */
  | { readonly type: 'services'; readonly services: readonly Service[] }
  | {
      readonly type: 'backends'
      readonly service: string
      readonly seats: readonly BackendSeat[]
      /** `false`: fewer healthy nodes than the service wants. */
      readonly quorate?: boolean
      /** Where its connections are counted for all lanes. */
      readonly cells?: readonly UsageCell[]
    }
  /** `ending`: services whose program is being stopped here. */
  | {
      readonly type: 'local-listeners'
      readonly listeners: readonly LocalListener[]
      readonly ending?: readonly string[]
    }
  /** Whether programs may be reached from addresses of clients: why not, or ''. Not before it was said. */
  | { readonly type: 'source-way'; readonly why: string }
  /**
   * Direct the service in this term as long as its slot's deadline lies ahead. `given`: its connections come to the socket
   * of `front-door`; otherwise the first lane opens one for each port.
   */
  | {
      readonly type: 'direct'
      readonly service: string
      readonly term: Term
      readonly slot: number
      readonly given?: boolean
      /**
       * Who may have splices of an earlier director, this node among them: they are asked, and the answer to `direct` is
       * `recovered` as well. None: nobody is asked.
       */
      readonly members?: readonly NodeId[]
      readonly standbys?: readonly NodeId[]
    }
  /** Who would direct it next, in their order: they are told what no ledger has. */
  | { readonly type: 'standbys'; readonly service: string; readonly term: Term; readonly standbys: readonly NodeId[] }
  /** The service's address is here: rebuilt connections may speak. Answered with `let-gone`. */
  | { readonly type: 'let-go'; readonly service: string; readonly term: Term }
  /** No new connection comes for now: answered with `quiet` when all that have come are served, or after a while. */
  | { readonly type: 'hush'; readonly service: string; readonly term: Term }
  /** Connections may soon be rebuilt here: what is slow at the first time is done now. Answered with `rehearsed`. */
  | { readonly type: 'rehearse'; readonly rehearsal: number }
  /** Of connections to programs of this node, about so many are kept, from 0 to 1: always the same ones, of the service or of all. */
  | { readonly type: 'close-backends'; readonly service?: string; readonly share: number }
  /** Answered with `undirected`. */
  | { readonly type: 'undirect'; readonly service: string; readonly slot: number; readonly why: Reason }
  /**
   * The service's address has left this host, and another node is to direct it: all that its clients' kernel has goes to the
   * backend halves. Answered with `moved-out`.
   */
  | { readonly type: 'move-out'; readonly service: string; readonly term: Term }
  /** One listening socket for all ports of addresses that this node owns; `fd` is this lane's own from now on. */
  | { readonly type: 'front-door'; readonly fd: number }
  /** From now on clients of services that want it are acknowledged only what is safe. */
  | { readonly type: 'ack-hold'; readonly share: HeldShare }
  /** A listening socket that another lane has opened for the service; `fd` is this lane's own from now on. */
  | {
      readonly type: 'adopt-listener'
      readonly service: string
      readonly term: Term
      readonly at: Endpoint
      /** The change of the service's addresses, counted in this term, since which it is wanted. */
      readonly since: number
      readonly fd: number
    }
  /** What the lane before this one has left, which died. Before the `direct` of their services. */
  | { readonly type: 'estate'; readonly bequests: readonly Bequest[] }
  /** Another lane has obeyed this term: lower ones are over here too. `contest`: see `contestOf`. */
  | { readonly type: 'obey'; readonly contest: string; readonly term: Term }
  /** Rows of another process and their descriptors (lane/handover). Answered with `inherited`. */
  | { readonly type: 'inherit'; readonly bytes: Uint8Array; readonly fds: readonly number[] }
  /** The other process acts no more: all that was said and left so far is this lane's. */
  | { readonly type: 'take-over' }
  | { readonly type: 'query'; readonly query: number; readonly service?: string; readonly limit: number }
  /** The whole truth each time: who directs services for which programs here may ask for connections. */
  | { readonly type: 'directors'; readonly directors: readonly DirectorSeat[] }
  /**
   * Of connections that come to the door of `steer-door`, where they were to go stands in these maps (descriptors). Programs in the cgroup
   * are led there, or not and why; and those of `outAlias`, if there are any.
   */
  | {
      readonly type: 'steer'
      readonly service: string
      readonly origins: readonly number[]
      readonly cgroup: string
      readonly whyNot: string
      readonly whyNoAlias: string
    }
  /** A socket of `share-door`; `fd` is this lane's own from now on. To a lane that takes another's place before `services`. */
  | {
      readonly type: 'adopt-door'
      readonly service: string
      readonly door: DoorKind
      readonly at: Endpoint
      readonly fd: number
    }
  /** What was asked by `resolve`; no address: there is no such name. */
  | { readonly type: 'resolved'; readonly call: number; readonly addresses: readonly string[] }
  /** A batch of lines is written, or thrown away. */
  | { readonly type: 'access-taken' }
  | { readonly type: 'stop' }

export interface DirectorSeat extends NodeName {
  readonly service: string
}

/** Where programs ask for connections of a service; and where the kernel leads those that do not ask. */
export type DoorKind = 'asked' | 'led'

export type FromLane =
  /** The lane waits in the kernel from now on: whoever posts to it signals this eventfd afterwards. */
  | { readonly type: 'awake'; readonly wakeFd: number }
  | { readonly type: 'data-listening'; readonly at: Endpoint }
  | { readonly type: 'data-failed'; readonly at: Endpoint; readonly code: string }
  | { readonly type: 'link-up'; readonly peer: NodeId; readonly pair: number }
  | { readonly type: 'link-down'; readonly peer: NodeId; readonly pair: number; readonly why: string }
  /** All ports of the service accept connections. */
  | { readonly type: 'serving'; readonly service: string; readonly term: Term }
  /** All nodes were asked for the service's splices, and what can be rebuilt waits for `let-go`. */
  | RecoveredMessage
  /** No connection of an earlier director can turn up any more: one that is not known now is nobody's. */
  | KnownMessage
  | MoveAnswer
  /** Connections that the kernel leads to that port of the loopback address are the service's. Answered with `steer`. */
  | { readonly type: 'steer-door'; readonly service: string; readonly port: number }
  /** That lane listens there for programs of the node, or is to; `fd` is the control plane's own from now on. */
  | {
      readonly type: 'share-door'
      readonly lane: number
      readonly service: string
      readonly door: DoorKind
      readonly at: Endpoint
      readonly fd: number
    }
  /** A program wants a connection to that name. Answered with `resolved`. */
  | { readonly type: 'resolve'; readonly call: number; readonly host: string }
  /** Why nothing can be rebuilt here; empty: it can. */
  | { readonly type: 'rehearsed'; readonly rehearsal: number; readonly why: string }
  /** A port cannot be listened on; the lane has let all of them go. */
  | {
      readonly type: 'cannot-serve'
      readonly service: string
      readonly term: Term
      readonly at: Endpoint
      readonly code: string
    }
  /** For that lane: it listens with this one. */
  | {
      readonly type: 'share-listener'
      readonly lane: number
      readonly service: string
      readonly term: Term
      readonly at: Endpoint
      readonly since: number
      readonly fd: number
    }
  /** A director in a later term is obeyed here from now on. */
  | { readonly type: 'obeyed'; readonly contest: string; readonly term: Term }
  /** Nothing looks at the slot for that service any more. */
  | { readonly type: 'undirected'; readonly service: string; readonly slot: number }
  /** Or `why` it cannot be read. */
  | { readonly type: 'inherited'; readonly rows: number; readonly why?: string }
  /** Connections that a node refused, or reset before their first byte, since the last time. */
  | {
      readonly type: 'backend-failed'
      readonly service: string
      readonly node: NodeId
      readonly count: number
      /** The last of them, for people. */
      readonly what: string
    }
  | { readonly type: 'answer'; readonly query: number; readonly report: LaneReport }
  | { readonly type: 'log'; readonly level: LogLevel; readonly event: string; readonly fields: LogFields }
  /** Of the access log. Answered with `access-taken`. */
  | { readonly type: 'access'; readonly lines: number; readonly text: string }
  | { readonly type: 'stopped' }

export interface MoveAnswer {
  /** All are served that have come; every node has what its backend halves are to have; what was rebuilt hears and speaks. */
  readonly type: 'quiet' | 'moved-out' | 'let-gone'
  readonly service: string
  readonly term: Term
}

export interface RecoveredMessage {
  readonly type: 'recovered'
  readonly service: string
  readonly term: Term
  readonly revived: number
  readonly failed: number
  /** Nodes that live and have not answered. */
  readonly missing: readonly NodeId[]
}

export interface KnownMessage {
  readonly type: 'known'
  readonly service: string
  readonly term: Term
}
