/**
 * Credit of one direction of a splice. The receiving half lets the other send `window` bytes beyond what is in its
 * kernel; so a slow reader costs at most one window of memory, whatever the sender has.
 */

/** 256 KiB fills a path of 1 Gbit/s and 2 ms; growth with measured round trips, up to 4 MiB, belongs to the data links. */
export const WINDOW_BYTES = 262_144

/** New credit is told when it is worth a frame: at a quarter of the window, so that the sender never runs dry. */
const WORTH_TELLING = 1 / 4

/** The receiver's book: what it has granted. */
export class Grant {
  #limit: number

  constructor(readonly windowBytes: number) {
    this.#limit = windowBytes
  }

  /** Whether the sender kept to its credit with bytes up to the offset `end`. */
  covers(end: number): boolean {
    return end <= this.#limit
  }

  /** Whether it is time to tell that `written` bytes have found their place. */
  isDue(written: number): boolean {
    return written + this.windowBytes - this.#limit >= this.windowBytes * WORTH_TELLING
  }

  told(written: number): void {
    this.#limit = Math.max(this.#limit, written + this.windowBytes)
  }
}
