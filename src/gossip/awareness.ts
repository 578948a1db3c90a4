import type { Millis } from '../base/time.js'

/**
 * Local health (Lifeguard, section IV-A): how much this node has reason to doubt itself. 0 is well; every point
 * multiplies its own probe interval and timeouts once more, so a sick node accuses slowly.
 */
export class Awareness {
  #score = 0

  constructor(private readonly scoreMax: number) {}

  get score(): number {
    return this.#score
  }

  raise(points: number): void {
    this.#score = Math.min(this.scoreMax, this.#score + points)
  }

  lower(): void {
    this.#score = Math.max(0, this.#score - 1)
  }

  scale(span: Millis): Millis {
    return span * (this.#score + 1)
  }
}

/**
 * What a failed probe says about the prober: one point for each helper that did not even say "no answer here". Lifeguard
 * adds a point where no helper could be asked; in a cluster of two that is every failed probe, and the survivor of a
 * crash would grow slow over a peer that is simply dead. Without helpers there is no evidence, so no points.
 */
export function failedProbePoints(helpersAsked: number, nacksHeard: number): number {
  return Math.max(0, helpersAsked - nacksHeard)
}
