/**
 * What a socket's kernel buffer did not take yet, copied into blocks of one pool. A queue that is empty holds no block;
 * the pool keeps a bounded number of free ones and leaves the rest to the garbage collector.
 */
import type { BufferPool } from '../base/buffer-pool.js'

/** Of a queue that never had to keep anything: most connections need no list of their own. */
const NOTHING: Uint8Array[] = []

export class WriteQueue {
  #blocks = NOTHING
  /** Where the first byte lies in the first block, and the end of the last byte in the last one. */
  #start = 0
  #end = 0
  #bytes = 0

  constructor(private readonly pool: BufferPool) {}

  get bytes(): number {
    return this.#bytes
  }

  /** Copies `chunk` from `from` on. */
  push(chunk: Uint8Array, from: number): void {
    const { bufferBytes } = this.pool
    if (this.#blocks === NOTHING) this.#blocks = []
    for (let at = from; at < chunk.byteLength; ) {
      if (this.#blocks.length === 0 || this.#end === bufferBytes) {
        this.#blocks.push(this.pool.take())
        this.#end = 0
      }
      const length = Math.min(chunk.byteLength - at, bufferBytes - this.#end)
      this.#blocks[this.#blocks.length - 1]?.set(chunk.subarray(at, at + length), this.#end)
      this.#end += length
      at += length
    }
    this.#bytes += Math.max(0, chunk.byteLength - from)
  }

  /** The first bytes that lie in one piece; empty if there are none. */
  peek(): Uint8Array {
    const end = this.#blocks.length === 1 ? this.#end : this.pool.bufferBytes
    return this.#blocks[0]?.subarray(this.#start, end) ?? new Uint8Array(0)
  }

  /** All of them, in memory of their own. */
  copy(): Uint8Array {
    const all = new Uint8Array(this.#bytes)
    let at = 0
    for (const [i, block] of this.#blocks.entries()) {
      const piece = block.subarray(i === 0 ? this.#start : 0, i === this.#blocks.length - 1 ? this.#end : undefined)
      all.set(piece, at)
      at += piece.byteLength
    }
    return all
  }

  /** Forgets the first `length` bytes, which were in what `peek` showed. */
  shift(length: number): void {
    this.#start += length
    this.#bytes -= length
    if (this.#bytes === 0) return this.clear()
    if (this.#start < this.pool.bufferBytes) return
    const block = this.#blocks.shift()
    if (block !== undefined) this.pool.give(block)
    this.#start = 0
  }

  clear(): void {
    for (const block of this.#blocks) this.pool.give(block)
    this.#blocks = NOTHING
    this.#start = 0
    this.#end = 0
    this.#bytes = 0
  }
}
