import { hash32, mix32 } from '../../base/hash.js'
import { type Candidate, type Excluded, type Scheduler, weightOf } from './scheduler.js'

/**
 * Slots of the table. A prime, so that every step visits all of them; a hundred for each of 160 nodes keeps shares within about
 * one per cent of what they should be (the paper's figure 3 and section 5.3).
 */
export const TABLE_SLOTS = 16_381
const NOBODY = 0xffff

/**
 * A client's address looks its node up in a table that every director makes alike: Eisenbud et al., "Maglev: A Fast and
 * Reliable Software Network Load Balancer", NSDI 2016, section 3.4. One look, however many nodes there are; shares are as even
 * as the weights allow, and when a node goes a few clients of others move as well (rendezvous moves none, and is less even).
 * A node of weight w takes a slot in w of max(w) rounds.
 */
export class Maglev implements Scheduler {
  #given: readonly Candidate[] = []
  /** What the table was made for: candidates that differ in health alone have the same. */
  #made = ''
  #table: Uint16Array = new Uint16Array(0)
  /** In the order of the table's numbers. */
  #inOrder: readonly Candidate[] = []

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded, client = ''): C | undefined {
    if (candidates !== this.#given) this.#adopt(candidates)
    if (candidates.length === 0) return undefined
    const inOrder = this.#inOrder as readonly C[]
    const first = hash32(client) % TABLE_SLOTS
    for (let passed = 0; passed < TABLE_SLOTS; passed++) {
      const number = this.#table[(first + passed) % TABLE_SLOTS] as number
      const candidate = inOrder[number]
      if (candidate !== undefined && !exclude?.has(candidate.node)) return candidate
      // The next slot's node is another one's as a rule; where all are out, no slot helps.
      if (passed === candidates.length && candidates.every(({ node }) => exclude?.has(node))) return undefined
    }
    return undefined
  }

  #adopt(candidates: readonly Candidate[]): void {
    this.#given = candidates
    this.#inOrder = [...candidates].sort((a, b) => (a.node < b.node ? -1 : 1))
    const made = this.#inOrder.map((candidate) => `${candidate.node} ${weightOf(candidate)}`).join()
    if (made === this.#made) return
    this.#made = made
    this.#table = maglevTable(this.#inOrder)
  }
}

/** Numbers of candidates, by slot; `candidates` in the order that all directors share. */
export function maglevTable(candidates: readonly Candidate[], slots = TABLE_SLOTS): Uint16Array {
  const table = new Uint16Array(slots).fill(NOBODY)
  if (candidates.length === 0) return table
  const heaviest = Math.max(...candidates.map(weightOf))
  const rows = candidates.map((candidate) => {
    const seed = hash32(candidate.node)
    const share = weightOf(candidate) / heaviest
    return { at: mix32(seed) % slots, step: 1 + (mix32(seed ^ 0x9e3779b9) % (slots - 1)), share, due: 0 }
  })
  for (let filled = 0; ; ) {
    for (const [number, row] of rows.entries()) {
      row.due += row.share
      if (row.due < 1) continue
      row.due -= 1
      while (table[row.at] !== NOBODY) row.at = (row.at + row.step) % slots
      table[row.at] = number
      if (++filled === slots) return table
    }
  }
}
