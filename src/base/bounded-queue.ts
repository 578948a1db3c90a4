/**
 * First in, first out, with a limit. What happens at the limit is the caller's stated policy: `push` says no, it never
 * drops anything by itself. A ring, so that a long queue costs nothing to shift.
 */
export class BoundedQueue<T> {
  readonly #ring: (T | undefined)[]
  #head = 0
  #length = 0

  constructor(readonly itemsMax: number) {
    this.#ring = []
  }

  get length(): number {
    return this.#length
  }

  /** `false` when the queue is full. */
  push(item: T): boolean {
    if (this.#length === this.itemsMax) return false
    this.#ring[(this.#head + this.#length) % this.itemsMax] = item
    this.#length++
    return true
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#ring[this.#head]
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) % this.itemsMax
    this.#length--
    return item
  }
}
