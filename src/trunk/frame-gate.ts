/**
 * Looks at the length of each frame of a Noise stream before the library sees it: the library allocates whatever the three
 * bytes say (16 MiB for `ff ff ff`), proven peer or not.
 *
 *   frame   length u24 ‖ body
 */
export const FRAME_LENGTH_BYTES = 3
/** secretstream's tag byte and MAC. */
export const FRAME_SEAL_BYTES = 17

/** Handshake frames have at most 96 bytes, a HELLO below 300; the rest is for fields of later releases. */
export const GREETING_FRAME_BYTES_MAX = 1_024
/** Payload of a message with its channel. */
export const MESSAGE_BYTES_MAX = 2 ** 20
const MESSAGE_FRAME_BYTES_MAX = MESSAGE_BYTES_MAX + FRAME_SEAL_BYTES

export class FrameGate {
  #bytesMax = GREETING_FRAME_BYTES_MAX
  /** Of the body that is passing. */
  #bodyBytesLeft = 0
  #lengthBytesSeen = 0
  #length = 0

  /** The peer is proven: longer frames may come. */
  raise(): void {
    this.#bytesMax = MESSAGE_FRAME_BYTES_MAX
  }

  /** Total, in any split. An answer is a problem: the chunk must not reach the library. */
  inspect(chunk: Uint8Array): string | undefined {
    let at = 0
    while (at < chunk.byteLength) {
      if (this.#bodyBytesLeft > 0) {
        const passing = Math.min(this.#bodyBytesLeft, chunk.byteLength - at)
        this.#bodyBytesLeft -= passing
        at += passing
        continue
      }
      this.#length |= (chunk[at++] as number) << (8 * this.#lengthBytesSeen++)
      if (this.#lengthBytesSeen < FRAME_LENGTH_BYTES) continue
      if (this.#length > this.#bytesMax) return `a frame of ${this.#length} bytes, above ${this.#bytesMax}`
      this.#bodyBytesLeft = this.#length
      this.#length = 0
      this.#lengthBytesSeen = 0
    }
    return undefined
  }
}
