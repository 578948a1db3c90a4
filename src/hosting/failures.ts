/** What follows a failure: another try on the same node, or another node's turn, and for how long this one keeps out. */
import type { Millis } from '../base/time.js'
import type { HostingRules } from './ports.js'

export type Verdict =
  | { readonly type: 'again' }
  /** The node does not stand for so long. */
  | { readonly type: 'elsewhere'; readonly unableMs: Millis }

const BACKOFF_MS: Millis = 1_000
const BACKOFF_MS_MAX: Millis = 30_000
/** After so long it has worked. */
const WORKED_MS: Millis = 60_000
/** Somebody else has had a turn by then. */
const ASIDE_MS: Millis = 10_000

export class Failures {
  #times: Millis[] = []
  #attempts = 0
  #retryAt: Millis = 0

  /** Not before then. */
  get retryAt(): Millis {
    return this.#retryAt
  }

  add(rules: HostingRules, isAnybody: boolean, activeMs: Millis, now: Millis): Verdict {
    const { restartAttempts, failureThreshold, failureIntervalMs } = rules
    if (activeMs >= Math.min(WORKED_MS, failureIntervalMs)) this.#attempts = 0
    this.#times = [...this.#times.filter((at) => now - at < failureIntervalMs), now]
    this.#attempts++
    const isTooOften = failureThreshold > 0 && this.#times.length >= failureThreshold
    if (isTooOften) {
      this.#times = []
      this.#attempts = 0
      this.#retryAt = 0
      return { type: 'elsewhere', unableMs: failureIntervalMs }
    }
    if (this.#attempts > restartAttempts && isAnybody) {
      this.#attempts = 0
      this.#retryAt = 0
      return { type: 'elsewhere', unableMs: ASIDE_MS }
    }
    // The first time at once; a program that cannot start must not keep its host busy.
    const doublings = Math.min(10, this.#attempts - 2)
    this.#retryAt = doublings < 0 ? 0 : now + Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** doublings)
    return { type: 'again' }
  }
}
