/**
 * Connections of one service at each node, as its director counts them: an input of the choice, and what the limit is compared
 * with. Each lane counts its own and writes the sum where the other lanes see it, so the limit holds for all of them together.
 */
import { assert } from '../base/assert.js'
import type { NodeId } from '../base/ids.js'
import type { UsageOf } from './schedule/scheduler.js'

/** Pairs of a service and a node that are counted across lanes; of more, each lane knows its own connections alone. */
export const USAGE_CELLS_MAX = 16_384

/** A row for each lane, which that lane alone writes: what a lane that died has left is gone when its heir begins. */
export class UsageCells {
  readonly #cells: Int32Array

  static bytes(lanes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(lanes * USAGE_CELLS_MAX * Int32Array.BYTES_PER_ELEMENT)
  }

  constructor(
    memory: SharedArrayBuffer,
    private readonly lane: number,
    private readonly lanes: number,
  ) {
    this.#cells = new Int32Array(memory)
    this.#cells.fill(0, lane * USAGE_CELLS_MAX, (lane + 1) * USAGE_CELLS_MAX)
  }

  set(cell: number, count: number): void {
    assert(cell >= 0 && cell < USAGE_CELLS_MAX, `usage cell ${cell} of ${USAGE_CELLS_MAX}`)
    Atomics.store(this.#cells, this.lane * USAGE_CELLS_MAX + cell, count)
  }

  /** What the other lanes count there. */
  others(cell: number): number {
    let sum = 0
    for (let lane = 0; lane < this.lanes; lane++) {
      if (lane !== this.lane) sum += Atomics.load(this.#cells, lane * USAGE_CELLS_MAX + cell)
    }
    return sum
  }
}

/** Where it is counted, of a node; `''` stands for the queue of the service. */
export type UsageCell = readonly [node: NodeId, cell: number]

export const QUEUE: NodeId = ''

export class Usage implements UsageOf {
  readonly #own = new Map<NodeId, number>()
  readonly #cellOf = new Map<NodeId, number>()

  /** Without cells this lane is the only one. */
  constructor(private readonly cells?: UsageCells) {}

  follow(cells: readonly UsageCell[]): void {
    for (const [node, cell] of cells) {
      this.#cellOf.set(node, cell)
      this.cells?.set(cell, this.own(node))
    }
  }

  add(node: NodeId, change: 1 | -1): void {
    const count = this.own(node) + change
    assert(count >= 0, 'no more connections end than there were')
    this.#own.set(node, count)
    const cell = this.#cellOf.get(node)
    if (cell !== undefined) this.cells?.set(cell, count)
  }

  /** Of this lane. */
  own(node: NodeId): number {
    return this.#own.get(node) ?? 0
  }

  of(node: NodeId): number {
    const cell = this.#cellOf.get(node)
    const others = cell === undefined ? 0 : (this.cells?.others(cell) ?? 0)
    return this.own(node) + others
  }

  /**
   * Counts one more, where the limit leaves room for it; 0: no limit. Two lanes that take the last place at once may both be
   * refused, and never both have it.
   */
  take(node: NodeId, limit: number): boolean {
    this.add(node, 1)
    if (limit === 0 || this.of(node) <= limit) return true
    this.add(node, -1)
    return false
  }
}
