/** What handoff asks of the kernel. */
import type { Endpoint } from '../base/address.js'
import type { Snapshot } from './snapshot.js'

export type { Snapshot } from './snapshot.js'

/** What a call answers that did not work: at which step, and the errno's name. */
export interface RepairFault {
  readonly why: string
}

/** All numbers that a socket is rebuilt with; see restore-plan. */
export interface RestorePlan {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Of the next byte to come from the peer, and of the next one to go there. */
  readonly receiveSeq: number
  readonly sendSeq: number
  readonly mss: number
  readonly sack: boolean
  readonly windowScale: { readonly send: number; readonly receive: number } | undefined
  /** TSval of the next segment; `undefined`: without timestamps. */
  readonly timestamp: number | undefined
  /** Bytes that the peer takes beyond `sendSeq`, the most it ever took, and what it was told that we take. */
  readonly sendWindow: number
  readonly maxWindow: number
  readonly receiveWindow: number
}

export interface SocketRepair {
  /** Of a connection that was just accepted: nothing has been read from it or written to it. */
  snapshot(fd: number): Snapshot | RepairFault
  /** A descriptor in repair mode: nothing leaves it, and nothing is answered. Its address need not be on this host yet. */
  restore(plan: RestorePlan): number | RepairFault
  /** Into a restored socket: bytes that the peer may have got already. `undefined`: done. */
  fillSent(fd: number, bytes: Uint8Array): RepairFault | undefined
  /** The FIN behind them, which it may have got as well. */
  endSent(fd: number): RepairFault | undefined
  /** Leaves repair mode with a window probe, which the peer answers. */
  letGo(fd: number): RepairFault | undefined
  /** The close that follows sends neither FIN nor RST. */
  silence(fd: number): void
}
