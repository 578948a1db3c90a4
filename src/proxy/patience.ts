/** Of a parked client: how long it waits for a program, and when it asks for one again. */
import type { Millis } from '../base/time.js'

const ASK_AFTER_MS: Millis = 100
/** A node may be listed that refuses, and thousands wait. */
const ASK_AFTER_MS_MAX: Millis = 1_000

export class Patience {
  #tries = 0
  #askAt: Millis = 0

  constructor(readonly until: Millis) {}

  /** It has asked in vain. */
  wait(now: Millis): void {
    this.#askAt = now + Math.min(ASK_AFTER_MS_MAX, ASK_AFTER_MS * 2 ** this.#tries++)
  }

  /** Something has changed. */
  hurry(): void {
    this.#tries = 0
    this.#askAt = 0
  }

  isDue(now: Millis): boolean {
    return now >= this.#askAt
  }

  isOver(now: Millis): boolean {
    return now >= this.until
  }
}
