/**
 * Buffers of one size that are needed for a moment, such as a turn of a loop: whoever has none to fill takes one, and
 * gives it back. What an idle owner needs is nothing.
 */
export class BufferPool {
  readonly #free: Uint8Array[] = []

  constructor(
    readonly bufferBytes: number,
    /** Kept for the next; more are left to the garbage collector. */
    private readonly freeMax: number,
  ) {}

  /** What was in it before is still there. */
  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(new ArrayBuffer(this.bufferBytes))
  }

  /** The caller has no use for it any more. */
  give(buffer: Uint8Array): void {
    if (this.#free.length < this.freeMax) this.#free.push(buffer)
  }
}
