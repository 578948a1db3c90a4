/** Halves that found their link full, the longest waiting first: in any other order one of them would take it all. */
import { type Bound, faultyOf, listenerOf } from './bound.js'
import { containFault } from './faults.js'
import type { Handles } from './handles.js'
import type { LaneContext } from './lane-context.js'

export class Waiters {
  readonly #waiting = new Set<number>()

  constructor(
    private readonly handles: Handles,
    private readonly context: LaneContext,
  ) {}

  add(handle: number): void {
    this.#waiting.add(handle)
  }

  delete(handle: number): void {
    this.#waiting.delete(handle)
  }

  clear(): void {
    this.#waiting.clear()
  }

  /** There is room: each has its turn, until there is none. */
  release(link: { readonly congested: boolean }): void {
    for (const handle of this.#waiting) {
      if (link.congested) return
      this.#waiting.delete(handle)
      this.#release(this.handles.get(handle))
    }
  }

  #release(bound: Bound | undefined): void {
    try {
      listenerOf(bound)?.release()
    } catch (error) {
      containFault(this.context, error, faultyOf(bound))
    }
  }
}
