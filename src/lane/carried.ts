/**
 * A lane's state as rows, for another process that goes on with it (docs/handoff.md, "Own restart"). Data links do not go along:
 * what they carried goes on over the next (resumption), so a row has only what belongs to one half. A row's socket travels beside
 * it, as a descriptor.
 */
import type { Endpoint } from '../base/address.js'
import type { SpliceId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { HeldState } from '../handoff/ports.js'
import type { BackendRequest, CarriedBackend } from '../proxy/backend-half.js'
import type { ClientSnapshot, ServerEnds } from '../proxy/client-half.js'
import type { CarriedHalf } from '../proxy/half-book.js'
import type { Introduction } from '../proxy/introduction.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { LaneCounters } from '../proxy/lane-report.js'
import type { CarriedEnds } from '../proxy/ports.js'
import type { CarriedCall } from './call.js'
import type { Trail } from './splice-records.js'

/** Where a data link leads. */
export interface Place {
  readonly node: NodeName
  readonly lane: number
}

/** By what a half goes on: a link to another node, or the other half in this very lane. */
export type Way = 'link' | 'inner' | 'joint'

export interface CarriedSocket extends CarriedEnds {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** The socket is gone, the half is not: there is no descriptor. */
  readonly isGone: boolean
}

export interface ClientRow {
  readonly kind: 'client'
  readonly service: string
  readonly id: SpliceId
  readonly startedAt: Millis
  /** A program has asked for it. A process of an earlier release does not say. */
  readonly isOutward?: boolean
  /** Its program is gone, and it waits so long for the next. */
  readonly parkedUntil?: Millis | undefined
  /** It waits so long for a node with room. A process of an earlier release does not say, and it waits anew. */
  readonly waitsUntil?: Millis | undefined
  readonly snapshot: ClientSnapshot
  /** Who it is, where that is not the other end of `socket`; and what the proxy in front has said, where it is known. */
  readonly source?: Endpoint | undefined
  readonly introduction?: Introduction | undefined
  readonly socket: CarriedSocket
  readonly half: CarriedHalf
  /** `undefined`: no backend stands yet, and a node is chosen anew. */
  readonly joined:
    | { readonly node: NodeName; readonly server: ServerEnds; readonly way: Way; readonly lane: number }
    | undefined
  /** Where a backend half may wait that is not wanted any more. */
  readonly abandoned: readonly Place[]
  /** Its acknowledgements are held back, so far. */
  readonly held?: HeldState | undefined
  /** For the access log. A process of an earlier release does not say. */
  readonly trail?: Trail | undefined
}

export interface BackendRow {
  readonly kind: 'backend'
  readonly request: BackendRequest
  readonly backend: CarriedBackend
  readonly socket: CarriedSocket
  readonly way: Way
}

/** Of a proxy in front, whose header has not all come. */
export interface NewcomerRow {
  readonly kind: 'newcomer'
  readonly service: string
  readonly startedAt: Millis
  readonly snapshot: ClientSnapshot
  readonly socket: CarriedSocket
  readonly heard: Uint8Array
}

export type SpliceRow = ClientRow | BackendRow | NewcomerRow

/** A program that waits for a connection of the service. `at` as below: its own end. */
export interface CallRow {
  readonly kind: 'call'
  readonly service: string
  readonly at: Endpoint
  readonly call: CarriedCall
  readonly socket: CarriedSocket
}

/**
 * Of connections that programs of the node ask for. A process of an earlier release closes what it does not know by its `at`, which is
 * therefore another in each row.
 */
export type OutwardRow =
  | CallRow
  /** Where they ask; and where the kernel leads those that do not. */
  | { readonly kind: 'door' | 'led-door'; readonly service: string; readonly at: Endpoint }
  /** A map of where connections at the led door were to go. */
  | { readonly kind: 'origins'; readonly service: string; readonly at: Endpoint }

export type CarriedRow =
  | SpliceRow
  /** A listening socket: of a service, or of this lane's data links. */
  | { readonly kind: 'listener'; readonly service: string; readonly at: Endpoint }
  | { readonly kind: 'data-listener' }
  | OutwardRow
  | { readonly kind: 'obeyed'; readonly contest: string; readonly term: Term }
  /** Splices are counted on: their ids must not come again. `lines`: of the access log, not handed over yet. */
  | {
      readonly kind: 'lane'
      readonly splicesAccepted: number
      readonly counters: Readonly<LaneCounters>
      readonly lines?: readonly string[] | undefined
    }

/** Of what a row's `fd` is, to be handed over beside it; -1: none. */
export interface RowOut {
  readonly row: CarriedRow
  readonly fd: number
}
