/** Turns in the order of node ids, which all directors share: a successor needs no state to rotate in the same order. */
import type { NodeId } from '../../base/ids.js'
import type { Candidate, Excluded } from './scheduler.js'

/**
 * Exact: k · n turns over n candidates give k to each. When the candidates change, the rotation goes on behind the node
 * that had the last turn. So nobody is starved or doubled: between two turns of one node every other has at most one turn,
 * and exactly one if both stay.
 */
export class Rotation {
  /** As the caller gave them: the same array again means that nothing changed. */
  #given: readonly Candidate[] = []
  #inOrder: readonly Candidate[] = []
  #next = 0
  #last: NodeId = ''

  /** The next one that is not excluded; those are passed over and lose their turn. O(1) and without allocation. */
  turn<C extends Candidate>(candidates: readonly C[], exclude?: Excluded): C | undefined {
    if (candidates !== this.#given) this.#adopt(candidates)
    const inOrder = this.#inOrder as readonly C[]
    for (let passed = 0; passed < inOrder.length; passed++) {
      const candidate = inOrder[this.#next] as C
      this.#next = (this.#next + 1) % inOrder.length
      if (exclude?.has(candidate.node)) continue
      this.#last = candidate.node
      return candidate
    }
    return undefined
  }

  #adopt(candidates: readonly Candidate[]): void {
    this.#given = candidates
    this.#inOrder = [...candidates].sort((a, b) => (a.node < b.node ? -1 : 1))
    const behindLast = this.#inOrder.findIndex((candidate) => candidate.node > this.#last)
    this.#next = Math.max(0, behindLast)
  }
}
