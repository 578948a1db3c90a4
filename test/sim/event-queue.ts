interface Planned {
  readonly at: number
  readonly turn: number
  readonly run: () => void
}

/**
 * True time, and what will happen in it, in order; equal times in the order in which they were added. A binary heap.
 */
export class EventQueue {
  /** When the last event was due. */
  now = 0
  /** Events so far. */
  steps = 0
  readonly #heap: Planned[] = []
  #turns = 0

  /** When the next is due; never, if nothing is planned. */
  get nextAt(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, run: () => void): void {
    const heap = this.#heap
    const added = { at, turn: this.#turns++, run }
    let hole = heap.push(added) - 1
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = heap[parent] as Planned
      if (above.at <= at) break
      heap[hole] = above
      hole = parent
    }
    heap[hole] = added
  }

  later(ms: number, run: () => void): void {
    this.add(this.now + ms, run)
  }

  /** Lets the next event happen; `false`: nothing is planned. */
  step(): boolean {
    const event = this.next()
    if (event === undefined) return false
    this.now = event.at
    this.steps++
    event.run()
    return true
  }

  next(): Planned | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Planned, heap[child] as Planned)) child++
      const below = heap[child] as Planned
      if (!isBefore(below, last)) break
      heap[hole] = below
      hole = child
    }
    heap[hole] = last
    return first
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn)
}
