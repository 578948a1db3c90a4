/**
 * Credit of one direction of a splice. The receiving half lets the other send `window` bytes beyond what is in its
 * kernel; so a slow reader costs at most one window of memory, whatever the sender has.
 *
 * The window begins small and doubles while it is what limits the flow: when new credit is due sooner than a round trip
 * after the last, the sender would be idle before it hears of it (as TCP's receivers size their buffers: dynamic
 * right-sizing, Fisk and Feng 2001).
 */
import type { Millis } from '../base/time.js'

/** Fills a path of 1 Gbit/s and 2 ms. */
export const WINDOW_BYTES = 262_144

/** Fills a path of 10 Gbit/s and 3 ms, or of 1 Gbit/s and 33 ms. */
export const WINDOW_BYTES_MAX = 4_194_304

/** What a kernel may have of a client and nobody has read: beyond tcp_rmem's usual 6 MiB. */
export const LAST_BYTES_MAX = 16_777_216

/** The least that an answer takes where both ends are busy: a round trip of frames alone says less than that. */
const TURN_MS: Millis = 5

/** New credit is told when it is worth a frame: at a quarter of the window, so that the sender never runs dry. */
const WORTH_TELLING = 1 / 4

/** The receiver's book: what it has granted. */
export class Grant {
  #window: number
  #limit: number
  /** Beyond the limit, for last bytes. Not told to whoever goes on afterwards, so it must not keep new credit back. */
  #extra = 0
  #toldAt: Millis = Number.NEGATIVE_INFINITY

  /** `limit`: what was granted before, by another half in this one's place. */
  constructor(windowBytes: number, limit = windowBytes) {
    this.#window = windowBytes
    this.#limit = limit
  }

  /** The sender may go on up to this offset. */
  get limit(): number {
    return this.#limit
  }

  get windowBytes(): number {
    return this.#window
  }

  /** Whether the sender kept to its credit with bytes up to the offset `end`. */
  covers(end: number): boolean {
    return end <= this.#limit + this.#extra
  }

  /** Whether it is time to tell that `written` bytes have found their place. */
  isDue(written: number): boolean {
    return written + this.#window - this.#limit >= this.#window * WORTH_TELLING
  }

  /** To be called when `isDue`, before `told`: `maxBytes` is what memory allows now. */
  grow(now: Millis, rttMs: Millis, maxBytes: number): void {
    // A quarter of the window went in less than half a round trip: it is too small by a factor of two at least.
    const isShort = now - this.#toldAt < Math.max(rttMs / 2, TURN_MS)
    this.#toldAt = now
    if (isShort) this.#window = Math.max(this.#window, Math.min(2 * this.#window, maxBytes))
  }

  /** So much more, once. */
  extend(bytes: number): void {
    this.#extra = bytes
  }

  told(written: number): void {
    this.#limit = Math.max(this.#limit, written + this.#window)
  }
}
