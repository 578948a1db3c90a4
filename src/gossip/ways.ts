/**
 * By which way a member is reached. Datagrams, as long as any are answered: a member behind a NAT hears none but the answers to its
 * own, and neither does one behind a filter. To such a one probes and claims go over its control link as well; datagrams go on, for
 * the day when one is answered.
 */
import type { NodeId } from '../base/ids.js'

/** So many pings in a row without an answer: one in a hundred is lost on a bad network, and one in a million three times. */
export const MISSES = 3

interface Asked {
  /** Of the last ping that went by datagram. */
  seq: number
  misses: number
}

export class Ways {
  readonly #asked = new Map<NodeId, Asked>()

  /** `membersMax`: as many members are remembered; beyond it all begin anew. */
  constructor(private readonly membersMax: number) {}

  asked(node: NodeId, seq: number): void {
    const known = this.#asked.get(node)
    if (known !== undefined) {
      known.seq = seq
      return
    }
    if (this.#asked.size >= this.membersMax) this.#asked.clear()
    this.#asked.set(node, { seq, misses: 0 })
  }

  /** No answer in the time that one usually takes. */
  missed(node: NodeId): void {
    const known = this.#asked.get(node)
    if (known !== undefined) known.misses = Math.min(known.misses + 1, MISSES)
  }

  /** By datagram, from the member itself. */
  answered(node: NodeId, seq: number): void {
    const known = this.#asked.get(node)
    if (known?.seq === seq) known.misses = 0
  }

  hearsDatagrams(node: NodeId): boolean {
    return (this.#asked.get(node)?.misses ?? 0) < MISSES
  }
}
