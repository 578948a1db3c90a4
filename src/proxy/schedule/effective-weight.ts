/** What a node's weight is worth now: less while it starts slowly, and less the busier its host says that it is. */
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { WeightRules } from './rules.js'
import { type Candidate, weightOf } from './scheduler.js'

/** A node that has just come gets a tenth of its share, so that something can be seen of it at all. */
export const START_SHARE_MIN = 0.1
/** However busy a host says that it is: it may be wrong, and with nothing at all it could not show that it is well again. */
export const LOAD_SHARE_MIN = 0.05

/** Linear from the minimum to all of it. `forMs`: how long the node has been there. */
export function startShare(forMs: Millis, slowStartMs: Millis): number {
  if (forMs >= slowStartMs) return 1
  return START_SHARE_MIN + (1 - START_SHARE_MIN) * Math.max(0, forMs / slowStartMs)
}

/** What is free of a host, of which so many thousandths are busy. */
export function loadShare(loadPermille: number): number {
  return Math.max(LOAD_SHARE_MIN, 1 - Math.max(0, loadPermille) / 1_000)
}

/**
 * Since when each node can serve without a break. Those that are there at the first look have always been: a director that
 * takes over must not treat all of them as new.
 */
export class Seniority {
  readonly #since = new Map<NodeId, Millis>()
  #hasLooked = false

  /** Who can serve now. */
  look(able: ReadonlySet<NodeId>, now: Millis): void {
    for (const node of this.#since.keys()) if (!able.has(node)) this.#since.delete(node)
    const since = this.#hasLooked ? now : Number.NEGATIVE_INFINITY
    for (const node of able) if (!this.#since.has(node)) this.#since.set(node, since)
    if (able.size > 0) this.#hasLooked = true
  }

  forMs(node: NodeId, now: Millis): Millis {
    return now - (this.#since.get(node) ?? now)
  }
}

export function effectiveWeight(candidate: Candidate, rules: WeightRules, forMs: Millis): number {
  const started = rules.slowStartMs === 0 ? 1 : startShare(forMs, rules.slowStartMs)
  const free = rules.load === 'off' || candidate.loadPermille === undefined ? 1 : loadShare(candidate.loadPermille)
  return weightOf(candidate) * started * free
}
