/** What a half of a splice works with, and who it belongs to. */
import type { Clock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import type { Reason } from './reasons.js'
import type { RetentionPool } from './retention-pool.js'

/** Whether the owner of a half may act at this instant: a director only within its lease, checked at every chunk. */
export interface Gate {
  isOpen(now: Millis): boolean
}

/** What a half works with. */
export interface HalfTools {
  readonly clock: Clock
  readonly gate: Gate
  readonly pool: RetentionPool
  readonly windowBytes: number
  /**
   * What the other half must have said of bytes before they are no longer kept: that they are in its kernel, or that the
   * TCP behind it has acknowledged them.
   */
  readonly keepsUntil: 'written' | 'acknowledged'
}

/** How far one half has come, as the other needs it to go on over another link. */
export interface Progress {
  readonly sent: number
  readonly received: number
  readonly finSent: boolean
  readonly finReceived: boolean
  /** Whose FIN came first; `undefined`: none has, or nobody saw. */
  readonly endedBy?: EndedBy | undefined
}

export type EndedBy = 'socket' | 'other'

/** Of what a half has sent. */
export interface Settled {
  /** Nothing before this offset is kept any more: the other half's socket has acknowledged it, or its kernel has it. */
  readonly acknowledged: number
  /** The same of the FIN. */
  readonly fin: boolean
  /** The other half takes bytes up to this offset. */
  readonly limit: number
  /** Whatever is on its way to the other half could be sent again. */
  readonly isWhole: boolean
}

/** Where a half begins that goes on with a splice: as far as the other half has come. */
export interface HalfStart extends Pick<Progress, 'sent' | 'received' | 'finReceived'> {
  /** The other half may send up to this offset. */
  readonly granted: number
  /** The socket's FIN was read, and passed on. */
  readonly endRead: boolean
  /** The last bytes were the socket's; not given: not known. */
  readonly spokeLast?: boolean
  /** Bytes of the other half up to this offset come again, as they were said. */
  readonly replayedTo?: number
  /** Of what was received, the FIN last, the socket's peer has acknowledged so much; all of it if not given. */
  readonly acknowledged?: number
  /** The first of the socket's bytes, which have been read already. */
  readonly held?: Uint8Array
  /** The socket's FIN came behind those, and is still to be passed on. */
  readonly isEndHeld?: boolean
}

/** What a half had read of its socket and not passed on when it gave that away; and whether the FIN was read. */
export interface Leftover {
  readonly held: Uint8Array | undefined
  readonly endRead: boolean
}

export const BEGINNING: HalfStart = { sent: 0, received: 0, granted: 0, endRead: false, finReceived: false }

export interface HalfOwner {
  /** A dialled socket stands. */
  onOpen(): void
  /** The last word, once: nothing of this half is left. `undefined`: both directions ended in order. */
  onFinished(reason: Reason | undefined, detail: string): void
  /** Bytes are on their way to this half's peer: ask `settle` from time to time until it says `true`. */
  onUnsettled(): void
  /**
   * Its program is gone, and its client waits for nothing: the half need not end with an RST. `true`: another has the socket now
   * (`Half.part`).
   */
  onBereft?(): boolean
  /** The gate is closed: not a byte more, in either direction. */
  onDeposed(): void
  /** The other half broke the protocol; the splice is reset. */
  /** The other half is about to give its last bytes; `clock` is that of its socket (TSval). */
  onFrozen?(clock: number | undefined): void
  onIncident(what: string): void
}

/** The detail of a half that the other one has reset. */
export const BY_OTHER_HALF = 'by the other half'
