/**
 * Framing of the sealed records of a data link.
 *
 *   record   length u32 ‖ sealed          length counts `sealed`: the content and what its seal adds
 *
 * The length travels in the clear and is checked before anything is awaited: no peer, proven or not, makes a reader hold
 * more than one record of the largest size.
 */
import { BufferPool } from '../base/buffer-pool.js'

export const RECORD_HEADER_BYTES = 4
/**
 * A record carries frames of many splices. What one read of a lane brings (256 KiB) and its header fit one record: then it
 * costs one seal, one write, and at the other end one write to the program.
 */
export const RECORD_PLAINTEXT_BYTES_MAX = 266_240
/** secretstream's tag byte and Poly1305 MAC; AES-GCM's are as long. */
export const SEAL_OVERHEAD_BYTES_MIN = 17
/** AEGIS-128L's flags and tag. */
export const SEAL_OVERHEAD_BYTES_MAX = 33
export const RECORD_SEALED_BYTES_MAX = RECORD_PLAINTEXT_BYTES_MAX + SEAL_OVERHEAD_BYTES_MAX

/** Of a lane: a record that is filled, one that is sealed, one whose end has not come, for two or three busy links. */
const RECORD_BUFFERS_KEPT = 8

/** Writes the header of a record whose sealed bytes follow in `into` from RECORD_HEADER_BYTES on. */
export function writeRecordHeader(into: Uint8Array, sealedBytes: number): void {
  into[0] = sealedBytes
  into[1] = sealedBytes >>> 8
  into[2] = sealedBytes >>> 16
  into[3] = sealedBytes >>> 24
}

/** Buffers for records, sealed or not: what a link needs for the length of a turn, shared by all links of a lane. */
export function recordBuffers(): BufferPool {
  return new BufferPool(RECORD_HEADER_BYTES + RECORD_SEALED_BYTES_MAX, RECORD_BUFFERS_KEPT)
}

/** Takes a record: `sealed` is valid only during the call. An answer is a problem, and ends the link. */
export type RecordHandler = (sealed: Uint8Array) => string | undefined

/**
 * Finds the records in a stream that comes in any pieces. Total: it never throws; a problem, its own or the handler's,
 * is final and is said again at every later call. Records that lie whole in a chunk are not copied.
 */
export class RecordReader {
  /** The beginning of a record whose end has not come yet. */
  #held: Uint8Array | undefined
  #heldBytes = 0
  #problem: string | undefined

  constructor(private readonly pool: BufferPool) {}

  push(chunk: Uint8Array, onRecord: RecordHandler): string | undefined {
    let at = 0
    while (this.#problem === undefined && at < chunk.byteLength) {
      at = this.#heldBytes > 0 ? this.#resume(chunk, at, onRecord) : this.#scan(chunk, at, onRecord)
    }
    return this.#problem
  }

  /**
   * Where the rest of a record that has begun is best read to, and what follows it: it need not be copied then. `filled`
   * tells how many bytes were. `undefined`: no record has begun.
   */
  room(): Uint8Array | undefined {
    return this.#problem === undefined ? this.#held?.subarray(this.#heldBytes) : undefined
  }

  filled(length: number, onRecord: RecordHandler): string | undefined {
    this.#heldBytes += length
    const held = this.#buffer()
    let at = 0
    while (this.#problem === undefined && this.#heldBytes - at >= RECORD_HEADER_BYTES) {
      const end = at + this.#recordBytes(held, at)
      if (this.#problem !== undefined || end > this.#heldBytes) break
      this.#problem = onRecord(held.subarray(at + RECORD_HEADER_BYTES, end))
      at = end
    }
    if (at === this.#heldBytes) this.#giveBack()
    else if (at > 0) {
      held.copyWithin(0, at, this.#heldBytes)
      this.#heldBytes -= at
    }
    return this.#problem
  }

  /** The next record from its beginning; answers how far the chunk is used. */
  #scan(chunk: Uint8Array, start: number, onRecord: RecordHandler): number {
    if (chunk.byteLength - start < RECORD_HEADER_BYTES) return this.#hold(chunk, start, chunk.byteLength)
    const end = start + this.#recordBytes(chunk, start)
    if (this.#problem !== undefined) return start
    if (end > chunk.byteLength) return this.#hold(chunk, start, chunk.byteLength)
    this.#problem = onRecord(chunk.subarray(start + RECORD_HEADER_BYTES, end))
    return end
  }

  /** Goes on with the held record: first its header, then the rest. */
  #resume(chunk: Uint8Array, start: number, onRecord: RecordHandler): number {
    let at = start
    if (this.#heldBytes < RECORD_HEADER_BYTES) {
      at = this.#hold(chunk, at, Math.min(chunk.byteLength, at + RECORD_HEADER_BYTES - this.#heldBytes))
      if (this.#heldBytes < RECORD_HEADER_BYTES) return at
    }
    const held = this.#buffer()
    const total = this.#recordBytes(held, 0)
    if (this.#problem !== undefined) return at
    at = this.#hold(chunk, at, Math.min(chunk.byteLength, at + total - this.#heldBytes))
    if (this.#heldBytes < total) return at
    this.#problem = onRecord(held.subarray(RECORD_HEADER_BYTES, total))
    this.#giveBack()
    return at
  }

  #recordBytes(bytes: Uint8Array, at: number): number {
    const length = u32At(bytes, at)
    if (length < SEAL_OVERHEAD_BYTES_MIN) this.#problem = `a record of ${length} bytes, shorter than its seal`
    if (length > RECORD_SEALED_BYTES_MAX)
      this.#problem = `a record of ${length} bytes exceeds ${RECORD_SEALED_BYTES_MAX}`
    return RECORD_HEADER_BYTES + length
  }

  #hold(chunk: Uint8Array, from: number, to: number): number {
    this.#buffer().set(chunk.subarray(from, to), this.#heldBytes)
    this.#heldBytes += to - from
    return to
  }

  #buffer(): Uint8Array {
    this.#held ??= this.pool.take()
    return this.#held
  }

  /** The link is over: nothing more will be pushed. */
  close(): void {
    this.#giveBack()
  }

  #giveBack(): void {
    if (this.#held !== undefined) this.pool.give(this.#held)
    this.#held = undefined
    this.#heldBytes = 0
  }
}

/** Little-endian. No DataView: this runs once a record. */
function u32At(bytes: Uint8Array, at: number): number {
  const byte = (i: number): number => bytes[at + i] as number
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0
}
