/** Where a half stands, all of it: what its program, its kernel and the other half have been told. */
import { joined } from '../base/bytes.js'
import type { Millis } from '../base/time.js'
import type { Counterpart } from './counterpart.js'
import type { Socket } from './endpoint.js'
import type { EndedBy, HalfStart, HalfTools, Progress } from './half-tools.js'
import type { Reason } from './reasons.js'
import { type Kept, NOTHING_KEPT, type Retention } from './retention.js'

const NO_BYTES = new Uint8Array(0)

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
  /** The last bytes came from the socket, and not from the other half; `undefined`: not known. */
  spokeLast: boolean | undefined
  /** What comes up to this offset was said before the client's last word, or may have been. */
  replayedTo: number
  finSent: boolean
  /** Nothing of what was sent, its FIN last, is kept any more. */
  finSettled: boolean
  received: number
  toldWritten: number
  acknowledged: number
  finReceived: boolean
  /** Whose FIN came first; `undefined`: none has, or another half saw it. */
  endedBy: EndedBy | undefined
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
  const { sent, received, finReceived, isEndHeld = false } = start
  const endRead = start.endRead || isEndHeld
  const told = start.acknowledged ?? received + (finReceived ? 1 : 0)
  const book: HalfBook = {
    sent,
    resendFrom: undefined,
    limit: sent,
    held: start.held?.byteLength ? start.held : undefined,
    endRead,
    spokeLast: sent === 0 ? false : start.spokeLast,
    replayedTo: start.replayedTo ?? 0,
    finSent: start.endRead,
    finSettled: false,
    received,
    toldWritten: told,
    acknowledged: told,
    finReceived,
    endedBy: endRead === finReceived ? undefined : endRead ? 'socket' : 'other',
    socketDone: false,
    closed: false,
    resetBy: undefined,
    activeAt: clock.now(),
  }
  const kept = sent === 0 ? NOTHING_KEPT : { ...NOTHING_KEPT, start: sent, end: sent }
  return { book, window: windowBytes, granted: Math.max(windowBytes, start.granted), kept }
}

/** A copy of `chunk` waits here, behind what waits already. */
export function hold(book: HalfBook, chunk: Uint8Array): void {
  book.held = joined(book.held ?? NO_BYTES, chunk)
}

/** Bytes of the other half that are in the socket's kernel, and its FIN. */
export function writtenOf(book: HalfBook, socket: Pick<Socket, 'queued'>): number {
  const queued = socket.queued()
  return Math.max(0, book.received - queued) + (book.finReceived && queued === 0 ? 1 : 0)
}

export function progressOf({ sent, received, finSent, finReceived, endedBy }: HalfBook): Progress {
  return { sent, received, finSent, finReceived, endedBy }
}

/**
 * No end was said, nothing waits here to be passed on, and whoever is on the client's side waits for no answer: the last word was its
 * program's, or it has never said one. Of a client half, also all that it has said is known to be in the program's kernel.
 */
export function isAtRest(book: HalfBook, kept: Retention, keepsUntil: HalfTools['keepsUntil']): boolean {
  const { closed, endRead, finReceived, held, resendFrom, spokeLast, received } = book
  if (closed || endRead || finReceived || held !== undefined || resendFrom !== undefined) return false
  if (keepsUntil === 'acknowledged') return received === 0 || spokeLast === true
  return spokeLast === false && kept.isWhole && kept.bytes === 0
}

/** What the other half lacks is said again. `false`: the way is full; the rest goes when it is free. */
export function resend(book: HalfBook, kept: Retention, way: Counterpart): boolean {
  if (book.resendFrom === undefined) return true
  const at = kept.replay(book.resendFrom, way)
  book.resendFrom = at < book.sent ? at : undefined
  return book.resendFrom === undefined
}
