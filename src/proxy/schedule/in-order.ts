import { type Candidate, type Excluded, type Scheduler, weightOf } from './scheduler.js'

/**
 * All connections to the first node that can take them: the heaviest, then the lower name. For `first`, whose nodes fill up one
 * after the other, and for `failover`, where the next serves only when the one before cannot (the chooser tells the two apart).
 */
export class InOrder implements Scheduler {
  #given: readonly Candidate[] = []
  #inOrder: readonly Candidate[] = []

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded): C | undefined {
    if (candidates !== this.#given) {
      this.#given = candidates
      this.#inOrder = [...candidates].sort(compare)
    }
    for (const candidate of this.#inOrder as readonly C[]) if (!exclude?.has(candidate.node)) return candidate
    return undefined
  }
}

function compare(a: Candidate, b: Candidate): number {
  if (weightOf(a) !== weightOf(b)) return weightOf(b) - weightOf(a)
  return a.name < b.name || (a.name === b.name && a.node < b.node) ? -1 : 1
}
