/**
 * Lists that are said again and again, and mostly do not change: sent whole once, by their number afterwards. So what
 * a round costs depends on the number of peers, not on that of services. Links keep order and lose nothing while they
 * stand; whoever meets an unknown number asks for it all the same.
 */
import type { NodeId } from '../base/ids.js'

export interface Batch<T> {
  readonly id: number
  readonly items: readonly T[]
}

interface Known<T> extends Batch<T> {
  readonly text: string
}

/** Numbers of one node; shared by all kinds of batches, so that a number alone says what is meant. */
export class BatchNumbers {
  #last = 0

  next(): number {
    this.#last = (this.#last + 1) % 2 ** 32
    return this.#last
  }
}

export class OutgoingBatches<T> {
  #batches: readonly Known<T>[] = []
  readonly #sent = new Map<NodeId, Set<number>>()

  constructor(
    private readonly itemsMax: number,
    private readonly numbers: BatchNumbers,
  ) {}

  /** `items` in batches; one that is as it was before keeps its number. */
  plan(items: readonly T[]): readonly Batch<T>[] {
    const batches: Known<T>[] = []
    for (let at = 0; at < items.length; at += this.itemsMax) {
      const part = items.slice(at, at + this.itemsMax)
      const text = JSON.stringify(part)
      const before = this.#batches.find((batch) => batch.text === text)
      batches.push(before ?? { id: this.numbers.next(), items: part, text })
    }
    const gone = this.#batches.filter((batch) => !batches.includes(batch))
    for (const sent of this.#sent.values()) for (const { id } of gone) sent.delete(id)
    this.#batches = batches
    return batches
  }

  /** The first time for this peer: it needs the items; from now on it has them. */
  isNewTo(peer: NodeId, { id }: Batch<T>): boolean {
    const sent = this.#sent.get(peer) ?? new Set()
    this.#sent.set(peer, sent)
    if (sent.has(id)) return false
    sent.add(id)
    return true
  }

  /** The peer does not have it after all. */
  missing(peer: NodeId, id: number): Batch<T> | undefined {
    this.#sent.get(peer)?.delete(id)
    return this.#batches.find((batch) => batch.id === id)
  }

  /** What the peer had ended with the link. */
  forget(peer: NodeId): void {
    this.#sent.delete(peer)
  }
}

export class IncomingBatches<T> {
  readonly #batches = new Map<NodeId, Map<number, readonly T[]>>()

  /** `batchesMax` for each peer; the oldest goes first. */
  constructor(private readonly batchesMax: number) {}

  put(peer: NodeId, id: number, items: readonly T[]): void {
    const batches = this.#batches.get(peer) ?? new Map<number, readonly T[]>()
    this.#batches.set(peer, batches)
    batches.delete(id)
    batches.set(id, items)
    for (const oldest of batches.keys()) {
      if (batches.size <= this.batchesMax) break
      batches.delete(oldest)
    }
  }

  get(peer: NodeId, id: number): readonly T[] | undefined {
    return this.#batches.get(peer)?.get(id)
  }

  forget(peer: NodeId): void {
    this.#batches.delete(peer)
  }
}
