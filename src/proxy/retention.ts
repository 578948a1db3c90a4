/**
 * What one direction of a splice has sent to the other half and may have to send again: over another link when the one
 * it went by breaks, or to another director that takes the client over. Kept from the first byte that the receiver has
 * not settled; what "settled" means (in the backend's kernel, acknowledged by the client) is the half's to say.
 *
 * Policy: where the lane's memory for this is used up, the direction keeps nothing until all that is on its way has been
 * settled. The bytes flow on; only the splice would not outlive its link meanwhile, and says so (`isWhole`).
 */
import type { Counterpart } from './counterpart.js'
import type { RetentionPool } from './retention-pool.js'

const NOTHING: readonly Uint8Array[] = []
const NO_BYTES = new Uint8Array(0)

/** As it goes from one process to the next. `bytes`: from `start` to `end`, where they are whole. */
export interface Kept {
  readonly start: number
  readonly end: number
  readonly isWhole: boolean
  readonly bytes: Uint8Array
}

export const NOTHING_KEPT: Kept = { start: 0, end: 0, isWhole: true, bytes: NO_BYTES }

export class Retention {
  /** Pieces in order; the first `#skip` bytes of the first are settled, `#free` bytes of the last are unused. */
  #pieces = NOTHING as Uint8Array[]
  #skip = 0
  #free = 0
  #start: number
  #end: number
  #isWhole = true

  constructor(
    private readonly pool: RetentionPool,
    { start, end, isWhole, bytes }: Kept = NOTHING_KEPT,
  ) {
    this.#start = start
    this.#end = isWhole ? start : end
    this.#isWhole = isWhole
    if (bytes.byteLength > 0) this.append(bytes)
  }

  get carried(): Kept {
    const { bytes: length } = this
    const bytes = length === 0 ? NO_BYTES : new Uint8Array(length)
    for (let at = 0; at < length; ) {
      const piece = this.peek(this.#start + at) ?? NO_BYTES
      bytes.set(piece, at)
      at += piece.byteLength
    }
    return { start: this.#start, end: this.#end, isWhole: this.#isWhole, bytes }
  }

  /** Everything before it is settled. */
  get start(): number {
    return this.#start
  }

  /** Offset behind the last byte that was sent. */
  get end(): number {
    return this.#end
  }

  get bytes(): number {
    return this.#isWhole ? this.#end - this.#start : 0
  }

  /** All that is not settled is here. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  append(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.byteLength && this.#isWhole) {
      const left = bytes.byteLength - at
      if (this.#free === 0) this.#grow(left)
      const length = Math.min(left, this.#free)
      const piece = this.#pieces.at(-1)
      if (piece === undefined) break
      piece.set(length === bytes.byteLength ? bytes : bytes.subarray(at, at + length), piece.byteLength - this.#free)
      this.#free -= length
      at += length
    }
    this.#end += bytes.byteLength
  }

  /** Everything before `offset` is settled. Offsets beyond the end and those that went before are taken as they are. */
  settle(offset: number): void {
    if (offset <= this.#start) return
    const settled = Math.min(offset, this.#end)
    if (this.#isWhole) this.#drop(settled - this.#start)
    this.#start = settled
    if (settled === this.#end) this.#isWhole = true
  }

  /** Bytes from `offset` on, as far as they lie in one piece; empty at the end, `undefined` where they are not kept. */
  peek(offset: number): Uint8Array | undefined {
    if (!this.#isWhole || offset < this.#start || offset > this.#end) return undefined
    let at = this.#start - this.#skip
    for (const piece of this.#pieces) {
      const end = Math.min(at + piece.byteLength, this.#end)
      if (offset < end) return piece.subarray(offset - at, end - at)
      at = end
    }
    return new Uint8Array(0)
  }

  /** Says all from `from` on again; answers how far it came before the way was full. */
  replay(from: number, way: Pick<Counterpart, 'congested' | 'data'>): number {
    let at = from
    while (at < this.#end && !way.congested) {
      const piece = this.peek(at)
      if (piece === undefined || piece.byteLength === 0) break
      way.data(at, piece)
      at += piece.byteLength
    }
    return at
  }

  /** Gives all memory back. */
  clear(): void {
    for (const piece of this.#pieces) this.pool.give(piece)
    this.#pieces = NOTHING as Uint8Array[]
    this.#skip = 0
    this.#free = 0
    this.#start = this.#end
    this.#isWhole = true
  }

  #grow(bytes: number): void {
    const piece = this.pool.take(bytes)
    if (piece === undefined) {
      const start = this.#start
      this.clear()
      this.#start = start
      this.#isWhole = false
      return
    }
    if (this.#pieces === NOTHING) this.#pieces = [piece]
    else this.#pieces.push(piece)
    this.#free = piece.byteLength
  }

  #drop(bytes: number): void {
    this.#skip += bytes
    for (let first = this.#pieces[0]; first !== undefined; first = this.#pieces[0]) {
      const isLast = this.#pieces.length === 1
      const used = isLast ? first.byteLength - this.#free : first.byteLength
      if (this.#skip < used) return
      this.#skip -= used
      if (isLast) this.#free = 0
      this.#pieces.shift()
      this.pool.give(first)
    }
    this.#pieces = NOTHING as Uint8Array[]
  }
}
