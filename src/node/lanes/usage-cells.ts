/** Which cell of the lanes' shared counts belongs to which service and node (proxy/usage). */
import type { NodeId } from '../../base/ids.js'
import { QUEUE, USAGE_CELLS_MAX, type UsageCell } from '../../proxy/usage.js'

export class CellBook {
  readonly #cells = new Map<string, Map<NodeId, number>>()
  readonly #free: number[] = []
  #next = 0

  /** Those of the queue and of all nodes that were ever named for the service; without a free one a node has none. */
  of(service: string, nodes: Iterable<NodeId>): UsageCell[] {
    const cells = this.#cells.get(service) ?? new Map<NodeId, number>()
    this.#cells.set(service, cells)
    for (const node of [QUEUE, ...nodes]) {
      const cell = cells.has(node) ? undefined : this.#take()
      if (cell !== undefined) cells.set(node, cell)
    }
    return [...cells]
  }

  /** The service is gone, and its connections with it. */
  forget(service: string): void {
    this.#free.push(...(this.#cells.get(service)?.values() ?? []))
    this.#cells.delete(service)
  }

  #take(): number | undefined {
    return this.#free.pop() ?? (this.#next < USAGE_CELLS_MAX ? this.#next++ : undefined)
  }
}
