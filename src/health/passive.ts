/**
 * What connections themselves tell: refusals, and resets before the first byte. Each failure fades, and counts half after a while;
 * at the limit the node is out, and back when half of it has faded.
 */
import type { Millis } from '../base/time.js'

export interface PassiveLimits {
  readonly limit: number
  /** After so long a failure counts half. */
  readonly decayMs: Millis
}

interface Score {
  value: number
  at: Millis
  isOut: boolean
  limits: PassiveLimits
}

/** A service on a node each. Whoever is beyond is not counted. */
const SCORES_MAX = 4_096
/** What has faded this far is forgotten. */
const FORGOTTEN = 0.05

export class Passive {
  readonly #scores = new Map<string, Score>()

  /** `true`: it is out from now on. */
  failed(key: string, count: number, limits: PassiveLimits, now: Millis): boolean {
    const score = this.#scores.get(key) ?? { value: 0, at: now, isOut: false, limits }
    if (!this.#scores.has(key) && this.#scores.size >= SCORES_MAX) return false
    this.#scores.set(key, score)
    // A flood must not keep it out for longer than some halvings.
    score.value = Math.min(valueAt(score, now) + count, 4 * limits.limit)
    score.at = now
    score.limits = limits
    // The limit itself has faded a little by the time that it is reached.
    if (score.isOut || score.value < limits.limit - 0.5) return false
    score.isOut = true
    return true
  }

  isOut(key: string): boolean {
    return this.#scores.get(key)?.isOut === true
  }

  keys(): string[] {
    return [...this.#scores].filter(([, { isOut }]) => isOut).map(([key]) => key)
  }

  /** Its service is set otherwise than when it failed: what it has against it fades as its operator says now. */
  follow(key: string, limits: PassiveLimits, now: Millis): void {
    const score = this.#scores.get(key)
    if (score === undefined || (score.limits.limit === limits.limit && score.limits.decayMs === limits.decayMs)) return
    score.value = Math.min(valueAt(score, now), 4 * limits.limit)
    score.at = now
    score.limits = limits
  }

  forget(key: string): void {
    this.#scores.delete(key)
  }

  /** Those that are back. */
  tick(now: Millis): string[] {
    const back: string[] = []
    for (const [key, score] of this.#scores) {
      const value = valueAt(score, now)
      // The instant of `nextDeadline` itself, whatever the arithmetic makes of it.
      const isBack = score.isOut && value <= score.limits.limit / 2 + 1e-6
      if (isBack) {
        score.isOut = false
        back.push(key)
      }
      if (!score.isOut && value < FORGOTTEN) this.#scores.delete(key)
    }
    return back
  }

  /** When the next comes back; `undefined`: none is out. */
  nextDeadline(): Millis | undefined {
    let next: Millis | undefined
    for (const { value, at, isOut, limits } of this.#scores.values()) {
      if (!isOut) continue
      const halvings = Math.max(0, Math.log2(value / (limits.limit / 2)))
      const back = at + halvings * limits.decayMs
      if (next === undefined || back < next) next = back
    }
    return next
  }
}

function valueAt({ value, at, limits }: Score, now: Millis): number {
  return value * 2 ** (-Math.max(0, now - at) / limits.decayMs)
}
