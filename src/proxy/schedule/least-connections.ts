import type { Prng } from '../../base/prng.js'
import type { Candidate, Excluded, Scheduler, UsageOf, WeightOf } from './scheduler.js'

/**
 * The node that would have the fewest connections for its weight, this one counted. Of equals one is drawn: a fixed order
 * would send every lane's and every director's connections to the same node first.
 */
export class LeastConnections implements Scheduler {
  constructor(
    private readonly usage: UsageOf,
    private readonly weight: WeightOf,
    private readonly random: Prng,
  ) {}

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded): C | undefined {
    let best: C | undefined
    let bestCost = Number.POSITIVE_INFINITY
    let equals = 0
    for (const candidate of candidates) {
      if (exclude?.has(candidate.node)) continue
      const cost = (this.usage.of(candidate.node) + 1) / this.weight(candidate)
      if (cost > bestCost) continue
      equals = cost < bestCost ? 1 : equals + 1
      // The k-th of equals takes the place with probability 1/k: each has the same chance, and no list is made.
      if (equals === 1 || this.random.below(equals) === 0) best = candidate
      bestCost = cost
    }
    return best
  }
}
