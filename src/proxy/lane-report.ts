/** What a lane tells of itself, now and then: its splices, its counters, and each service that it directs. */
import type { Endpoint } from '../base/address.js'
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { DoorReport, OutwardReport } from './outward-report.js'
export interface SpliceReport {
  readonly id: string
  readonly service: string
  readonly here: 'client' | 'backend' | 'both'
  /** `out`: a program's own connection to `client`, under the address of the service. */
  readonly direction: 'in' | 'out'
  readonly state: 'dialing' | 'open' | 'half-closed' | 'closing' | 'parked'
  readonly term: Term
  readonly director: NodeId
  readonly backend: NodeId | undefined
  readonly client: Endpoint
  /** The proxy in front that has said who the client is. */
  readonly via?: Endpoint
  readonly destination: Endpoint
  readonly server: { readonly from: Endpoint; readonly to: Endpoint } | undefined
  readonly startedAt: Millis
  readonly activeAt: Millis
  readonly bytesUp: number
  readonly bytesDown: number
  /** Why it would end with its director; empty: it would live on. */
  readonly mortal: string
  /** Why its client is acknowledged what is not safe yet; empty: it is not; missing: that is not wanted, or not known here. */
  readonly unheld?: string
}

export interface LaneCounters {
  accepted: number
  /** Connections that were made for programs of nodes; and those that could not be, or were not allowed. */
  dialled: number
  undialled: number
  ended: number
  reset: number
  refused: number
  retried: number
  /** Client to backend and backend to client, while this node directed; in a report also of splices that go on. */
  bytesUp: number
  bytesDown: number
  incidents: number
  /** Splices that went on over another data link. */
  resumed: number
  /** Bytes that are kept now, to be sent again if a link or a director is lost. */
  retained: number
  /** Connections of an earlier director that were rebuilt here; and of those, by verdict (handoff/verdict). */
  revived: number
  proven: number
  filled: number
  inputLost: number
  clientGone: number
  /** Of services with `uploads: survive`: connections that found no room; and times that one was acknowledged what was not safe after all. */
  holdsRefused: number
  holdsLate: number
  /** Lines of the access log for which there was no room. */
  accessDropped: number
}

export interface LaneReport {
  readonly counters: Readonly<LaneCounters>
  readonly active: number
  /** Of those that this node directs: all, those that would live on without it, and why the others would not. */
  readonly directed: number
  readonly survivable: number
  readonly mortal: Readonly<Record<string, number>>
  readonly total: number
  readonly splices: readonly SpliceReport[]
  /** Splices per service, and within it per backend node. */
  readonly perBackend: readonly { readonly service: string; readonly node: NodeId; readonly splices: number }[]
  /** Of the services that this node directs. */
  readonly perService: readonly ServiceReport[]
  /** Splices whose program is here and whose director is another node. */
  readonly forOthers: number
  /** Where programs of this node ask for connections under the address of a service. */
  readonly doors: readonly DoorReport[]
}

/** The connections of one service that is directed here. */
export interface ServiceReport {
  readonly service: string
  readonly directed: number
  readonly survivable: number
  readonly mortal: Readonly<Record<string, number>>
  readonly revivals: RevivalReport
  /** A node of an earlier release does not tell. */
  readonly placement?: PlacementReport
  readonly outward?: OutwardReport
  /** Missing: its clients are acknowledged at once, as it wants. */
  readonly uploads?: UploadsReport
  readonly introductions?: IntroductionReport
}

/** How many of its clients are acknowledged only what is safe, and how many are not, for each reason. */
export interface UploadsReport {
  readonly held: number
  readonly unheld: Readonly<Record<string, number>>
}

/** Connections of proxies in front: whose PROXY header is still to come, so far taken with one, and ended for want of one. */
export interface IntroductionReport {
  readonly waiting: number
  readonly taken: number
  readonly malformed: number
  /** Not whole in time. */
  readonly late: number
  /** Ended by the other side before it was whole. */
  readonly ended: number
}

/** Of the connections that this director has had: what its choice made of those that no node could take at once, or keep. */
export interface PlacementReport {
  /** In the queue now; and connections that are to be closed, since their node is lost. */
  readonly waiting: number
  readonly closing: number
  /** So far: that had to wait, that could not even do that, that waited in vain. */
  readonly queued: number
  readonly queueFull: number
  readonly queueTimeouts: number
  /** Given to the sorry backend. */
  readonly sorry: number
  readonly closed: number
  /** Whose program is gone: kept now for the next; served by one since; and in vain. A node of an earlier release does not tell. */
  readonly parked?: number
  readonly resumed?: number
  readonly givenUp?: number
  /** That no program served when the director before gave the service away: taken on, and of which that could not be. A node of an earlier release does not tell. */
  readonly readmitted?: number
  readonly readmitLost?: number
}

/** What became of the connections of the director before, in this term. */
export interface RevivalReport {
  readonly revived: number
  readonly proven: number
  readonly filled: number
  readonly reset: number
  readonly gone: number
  /** Nothing has been heard of their clients yet. */
  readonly unverified: number
  /** Known, and not rebuilt: how many for each reason. */
  readonly failures: Readonly<Record<string, number>>
}
