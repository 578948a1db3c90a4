/**
 * Splices whose data link broke while both their halves live: client halves that wait for another link to the same lane
 * of the same node, where their backend halves are. Bounded in time; a node that is known to be gone is not waited for.
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { type BoundClient, lose } from './bound.js'
import type { LaneContext } from './lane-context.js'

/** Keys are agreed on and a link is dialled within milliseconds; what is not back by then is a partition. */
export const SUSPENDED_MS_MAX: Millis = 10_000

export interface Waiting {
  readonly bound: BoundClient
  readonly node: NodeId
  readonly lane: number
  readonly deadline: Millis
}

export class Suspended {
  readonly #waiting = new Set<Waiting>()
  /** Thought to be dead, and when it was last: what is heard of one later shows that it lives. For ever where its process has ended. */
  readonly #gone = new Map<NodeId, Millis>()

  constructor(private readonly context: LaneContext) {}

  get size(): number {
    return this.#waiting.size
  }

  /** `heardAt`: when the link that broke brought something last. */
  add(bound: BoundClient, node: NodeId, lane: number, heardAt: Millis, now: Millis): void {
    if (heardAt <= (this.#gone.get(node) ?? Number.NEGATIVE_INFINITY)) lose(this.context, bound, 'its node is gone')
    else this.#waiting.add({ bound, node, lane, deadline: now + SUSPENDED_MS_MAX })
  }

  all(): IterableIterator<Waiting> {
    return this.#waiting.values()
  }

  /** Those that a new link to that lane can carry. */
  take(node: NodeId, lane: number): BoundClient[] {
    const taken = [...this.#waiting].filter((waiting) => waiting.node === node && waiting.lane === lane)
    for (const waiting of taken) this.#waiting.delete(waiting)
    return taken.map(({ bound }) => bound).filter(({ client }) => !client.hasVanished)
  }

  /** The node's process has ended: so have the backend halves in it. */
  onGone(node: NodeId, until: Millis): void {
    this.#gone.set(node, until)
    this.#dropWhere((waiting) => waiting.node === node, 'its node is gone')
  }

  onBack(node: NodeId): void {
    this.#gone.delete(node)
  }

  sweep(now: Millis): void {
    this.#dropWhere(({ deadline }) => deadline <= now, `no other link within ${SUSPENDED_MS_MAX} ms`)
  }

  #dropWhere(isMeant: (waiting: Waiting) => boolean, why: string): void {
    for (const waiting of this.#waiting) {
      if (!isMeant(waiting)) continue
      this.#waiting.delete(waiting)
      lose(this.context, waiting.bound, why)
    }
  }
}
