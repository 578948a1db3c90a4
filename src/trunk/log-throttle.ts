import type { Millis } from '../base/time.js'

/** Lets one line of a kind through per period, so that a stranger cannot fill the disk; says how many were held back. */
export class LogThrottle {
  #last: Millis | undefined
  #heldBack = 0

  constructor(private readonly periodMs: Millis) {}

  /** The number of lines held back since the last one, or `undefined`: this one is held back. */
  pass(now: Millis): number | undefined {
    if (this.#last !== undefined && now - this.#last < this.periodMs) {
      this.#heldBack++
      return undefined
    }
    const heldBack = this.#heldBack
    this.#last = now
    this.#heldBack = 0
    return heldBack
  }
}
