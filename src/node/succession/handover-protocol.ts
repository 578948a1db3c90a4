/**
 * What a running node and the process that replaces it say to each other (docs/handoff.md, "Own restart"). They are of one host and one
 * user, and perhaps of two releases: a version that one of them does not know is refused before anything is given away.
 *
 *   new ── POST /v1/replace ──► old                    it listens on a socket in the state folder
 *   old ── HELLO, sockets of the node itself ──► new   new starts its lanes and whatever else takes time
 *   new ── READY ──► old                               old's lanes stand still
 *   old ── LANE …, ROWS ──► new                        its control plane goes on
 *   new ── READY ──► old                               new has read them; old's control plane stands still too
 *   old ── CONTROL, END ──► new
 *   new ── TAKEN ──► old                               old never acts again; until then it goes on whenever something fails
 */
import type { NodeId, Term } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { CarriedElections } from '../../election/carried.js'
import type { Fact } from '../../gossip/facts.js'
import type { Member } from '../../gossip/ports.js'

export const HANDOVER_VERSION = 2

export const FRAME = { hello: 1, ready: 2, lane: 3, control: 4, end: 5, taken: 6, failed: 7, rows: 8 } as const

/** What the new process must know before it can begin; beside it travel the descriptors, in this order. */
export interface Hello {
  readonly version: number
  readonly node: NodeId
  readonly boot: number
  /** What is not changed by another process: it has the sockets. */
  readonly bind: string
  readonly gossipPort: number
  readonly controlPort: number
  readonly witness: boolean
  readonly lanes: number
  readonly dataAt: readonly { readonly address: string; readonly port: number }[]
  /** The device with the addresses, and how many front doors follow it; '' where there is none. */
  readonly device: string
  readonly doors: number
}

/** gossip, control listener, device and doors: the order of HELLO's descriptors. */
export const HELLO_FDS_MIN = 2

export interface CarriedLease {
  readonly contest: string
  readonly term: Term
  readonly deadline: Millis
  /** Its connections come to the front door. */
  readonly given: boolean
  readonly address: string
}

/** All that the control plane knows and the disk does not. */
export interface ControlState {
  readonly startedAt: Millis
  readonly replaced: number
  readonly members: readonly Member[]
  /** Of the next datagram: nonces must not come twice. */
  readonly sealed: number
  readonly facts: readonly Fact[]
  /** What nodes have said of their keyrings; a process of an earlier release does not tell. */
  readonly keys?: readonly Fact[]
  readonly elections: CarriedElections
  readonly leases: readonly CarriedLease[]
  /** When the old process's lanes stopped to act. */
  readonly stillSince: Millis
}

/** What went along, for the log. */
export interface HandoverCounts {
  readonly rows: number
  readonly descriptors: number
  readonly bytes: number
}
