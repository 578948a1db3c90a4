/** Where a half stands, all of it: what its program, its kernel and the other half have been told. */
import type { Millis } from '../base/time.js'
import type { HalfStart, HalfTools } from './half-tools.js'
import type { Reason } from './reasons.js'
import { type Kept, NOTHING_KEPT } from './retention.js'

export interface HalfBook {
  /** Bytes from the socket that were passed on. */
  sent: number
  /** Bytes from here to `sent` were sent over a link that broke, and go again before anything else. */
  resendFrom: number | undefined
  /** The other half takes bytes up to this offset. `sent <= limit`. */
  limit: number
  /** Read, but not covered by credit yet: at most one chunk. */
  held: Uint8Array | undefined
  /** The socket's FIN was read; and passed on. */
  endRead: boolean
  finSent: boolean
  /** Nothing of what was sent, its FIN last, is kept any more. */
  finSettled: boolean
  received: number
  toldWritten: number
  acknowledged: number
  finReceived: boolean
  socketDone: boolean
  closed: boolean
  resetBy: Reason | undefined
  activeAt: Millis
}

/** A half as it goes from one process to the next. */
export interface CarriedHalf {
  readonly book: HalfBook
  /** Of the credit that the other half was given: how much at a time, and up to where. */
  readonly window: number
  readonly granted: number
  readonly kept: Kept
}

/** Of a half that is new, or takes the place of one that another director had. */
export function begunAt(start: HalfStart, { windowBytes, clock }: HalfTools): CarriedHalf {
  const { sent, received, endRead, finReceived } = start
  const told = start.acknowledged ?? received + (finReceived ? 1 : 0)
  const book: HalfBook = {
    sent,
    resendFrom: undefined,
    limit: sent,
    held: start.held?.byteLength ? start.held : undefined,
    endRead,
    finSent: endRead,
    finSettled: false,
    received,
    toldWritten: told,
    acknowledged: told,
    finReceived,
    socketDone: false,
    closed: false,
    resetBy: undefined,
    activeAt: clock.now(),
  }
  const kept = sent === 0 ? NOTHING_KEPT : { ...NOTHING_KEPT, start: sent, end: sent }
  return { book, window: windowBytes, granted: Math.max(windowBytes, start.granted), kept }
}
