import type { NodeId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'

/**
 * Whom to probe next: everybody once a round, in an order shuffled for each round (SWIM, section 4.3), so a dead member
 * is probed by each other member within two rounds for certain and not merely on average.
 */
export class ProbeOrder {
  readonly #order: NodeId[] = []
  #at = 0

  constructor(private readonly random: Prng) {}

  /** At a random place, so that members that join together are not probed by all in the same instant. */
  add(node: NodeId): void {
    if (this.#order.includes(node)) return
    const place = this.random.below(this.#order.length + 1)
    this.#order.splice(place, 0, node)
    if (place < this.#at) this.#at++
  }

  remove(node: NodeId): void {
    const place = this.#order.indexOf(node)
    if (place < 0) return
    this.#order.splice(place, 1)
    if (place < this.#at) this.#at--
  }

  next(): NodeId | undefined {
    if (this.#at >= this.#order.length) {
      this.random.shuffle(this.#order)
      this.#at = 0
    }
    return this.#order[this.#at++]
  }
}
