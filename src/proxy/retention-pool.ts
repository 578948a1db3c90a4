/**
 * Memory for what halves keep, shared by all splices of a lane. Two sizes: most splices have a few hundred bytes on
 * their way, a few have megabytes. Pieces that come back are kept for the next, up to a bound.
 */
const SMALL_BYTES = 4_096
const LARGE_BYTES = 65_536

/** What may lie unused: what one busy turn gives back and the next one takes again. */
const SPARE_BYTES_MAX = 8 * 2 ** 20

/** Of all splices of a lane together, unless it is told otherwise. */
export const RETAINED_BYTES_MAX = 256 * 2 ** 20

export class RetentionPool {
  readonly #spare: readonly [Uint8Array[], Uint8Array[]] = [[], []]
  #spareBytes = 0
  #usedBytes = 0

  constructor(readonly limitBytes = RETAINED_BYTES_MAX) {}

  /** Handed out now. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** From 1, nothing is used, to 0. */
  get freeShare(): number {
    return 1 - this.#usedBytes / this.limitBytes
  }

  /** A piece for at least the beginning of `bytes`; `undefined`: the lane keeps as much as it may. */
  take(bytes: number): Uint8Array | undefined {
    const size = bytes <= SMALL_BYTES ? SMALL_BYTES : LARGE_BYTES
    if (this.#usedBytes + size > this.limitBytes) return undefined
    this.#usedBytes += size
    const piece = this.#spareOf(size).pop()
    if (piece === undefined) return new Uint8Array(new ArrayBuffer(size))
    this.#spareBytes -= size
    return piece
  }

  give(piece: Uint8Array): void {
    const size = piece.byteLength
    this.#usedBytes -= size
    if (this.#spareBytes + size > SPARE_BYTES_MAX) return
    this.#spareBytes += size
    this.#spareOf(size).push(piece)
  }

  #spareOf(size: number): Uint8Array[] {
    return this.#spare[size === SMALL_BYTES ? 0 : 1]
  }
}
