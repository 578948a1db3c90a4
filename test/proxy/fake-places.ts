/** Nodes that always have room, and counts of who is where. */
import type { NodeId } from '../../src/base/ids.js'
import type { ChosenNode, Guest, Places } from '../../src/proxy/places.js'

export class FakePlaces implements Places {
  readonly counts = new Map<NodeId, number>()
  readonly waiting: Guest[] = []
  queueMax = 0
  isFull = false
  sorryNode: ChosenNode | undefined
  timeouts = 0
  sorries = 0

  constructor(private readonly nodes: readonly ChosenNode[]) {}

  pick(_guest: Guest, tried: ReadonlySet<NodeId>): ChosenNode | 'full' | undefined {
    const free = this.nodes.find(({ node }) => !tried.has(node))
    if (free === undefined) return undefined
    if (this.isFull) return 'full'
    this.seat(free)
    return free
  }

  sorry(): ChosenNode | undefined {
    return this.sorryNode
  }

  seat({ node }: ChosenNode): void {
    this.counts.set(node, (this.counts.get(node) ?? 0) + 1)
  }

  leave({ node, sorry }: ChosenNode): void {
    if (sorry === undefined) this.counts.set(node, (this.counts.get(node) ?? 0) - 1)
  }

  enqueue(guest: Guest): boolean {
    if (this.waiting.includes(guest)) return true
    if (this.waiting.length >= this.queueMax) return false
    this.waiting.push(guest)
    return true
  }

  onQueueTimeout(guest: Guest): void {
    this.timeouts++
    this.waiting.splice(this.waiting.indexOf(guest), 1)
  }

  onSorry(): void {
    this.sorries++
  }

  /** Connections that count somewhere. */
  get seated(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }
}
