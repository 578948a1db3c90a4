import { hash32, mix32 } from '../../base/hash.js'
import type { Candidate, Excluded, Scheduler } from './scheduler.js'
import { weightOf } from './scheduler.js'

/**
 * A client's address has the same node for as long as that one serves: weighted rendezvous hashing (Thaler and Ravishankar
 * 1998; weights after Schindelhauer and Schomaker 2005, −w / ln u). All directors agree without a word. When a node goes, its
 * own clients alone move, each to its second choice; when it comes back they return. A node that can take no more now is
 * passed over for that connection.
 */
export class SourceHash implements Scheduler {
  #given: readonly Candidate[] = []
  #seeds: readonly number[] = []

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded, client = ''): C | undefined {
    if (candidates !== this.#given) this.#adopt(candidates)
    const key = hash32(client)
    let best: C | undefined
    let bestScore = Number.NEGATIVE_INFINITY
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i] as C
      if (exclude?.has(candidate.node)) continue
      // In (0, 1): never 0, whose logarithm nobody could beat.
      const unit = (mix32(key ^ (this.#seeds[i] as number)) + 0.5) / 2 ** 32
      const score = -weightOf(candidate) / Math.log(unit)
      const isBetter = score > bestScore || (score === bestScore && best !== undefined && candidate.node < best.node)
      if (isBetter) [best, bestScore] = [candidate, score]
    }
    return best
  }

  #adopt(candidates: readonly Candidate[]): void {
    this.#given = candidates
    this.#seeds = candidates.map(({ node }) => hash32(node))
  }
}
