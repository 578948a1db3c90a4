/**
 * What goes out on a data link: frames of many splices gathered into records, sealed and written once per turn of the
 * event loop, so that a hundred small writes cost one seal and one system call. Between turns it holds no memory.
 */
import type { BufferPool } from '../base/buffer-pool.js'
import type { Socket } from '../proxy/ports.js'
import { ACK_BYTES, writeAck, writeDataHeader } from '../proxy/splice-codec.js'
import { DATA_BYTES_MAX, DATA_OFFSET_BYTES, FRAME_HEADER_BYTES } from '../proxy/splice-frame.js'
import type { Sealer } from '../trunk/ports.js'
import { RECORD_HEADER_BYTES, RECORD_PLAINTEXT_BYTES_MAX, writeRecordHeader } from '../trunk/record.js'

const DATA_HEADER_BYTES = FRAME_HEADER_BYTES + DATA_OFFSET_BYTES

/** A piece of a chunk smaller than this is not worth a header of its own: the record is closed first. */
const PIECE_BYTES_MIN = 1_024

/** Of so much a copy costs more than a record of its own. What one read brings fits a record with its header. */
const DIRECT_BYTES_MIN = 65_536

export interface LinkWriterHost {
  /** `Sockets.inbox` */
  readonly inbox: ArrayBuffer | undefined
  /** To be called at the end of this turn. */
  defer(task: () => void): void
  /** A record was not written: the link has lost its order. */
  onFault(error: unknown): void
}

export class LinkWriter {
  /** The record that is being filled; `undefined`: nothing waits. */
  #plain: Uint8Array | undefined
  #used = 0
  #scheduled = false
  #written = 0
  #congested = false
  #closed = false
  readonly #onTurnEnd = () => this.flush()

  constructor(
    private readonly socket: Socket,
    private readonly sealer: Sealer,
    private readonly pool: BufferPool,
    private readonly host: LinkWriterHost,
  ) {}

  /** The kernel takes no more: splices wait until `drained`. Small frames may still be added; they are few per splice. */
  get congested(): boolean {
    return this.#congested
  }

  /** Bytes that the socket was given. */
  get written(): number {
    return this.#written
  }

  drained(): void {
    this.#congested = false
  }

  data(handle: number, offset: number, chunk: Uint8Array): void {
    if (this.#closed) return
    if (chunk.buffer === this.host.inbox && chunk.byteLength >= DIRECT_BYTES_MIN) {
      return this.#direct(handle, offset, chunk)
    }
    let at = 0
    while (at < chunk.byteLength) {
      const left = chunk.byteLength - at
      const wanted = DATA_HEADER_BYTES + Math.min(left, PIECE_BYTES_MIN)
      // Better whole in the next record than in two pieces: it is written to its program in one call.
      const isBetterWhole = this.#used > 0 && left > this.#room() && left <= DATA_BYTES_MAX
      const plain = this.#plainWith(isBetterWhole ? DATA_HEADER_BYTES + left : wanted)
      const length = Math.min(left, this.#room() - DATA_HEADER_BYTES, DATA_BYTES_MAX)
      const start = writeDataHeader(plain, this.#used, handle, offset + at, length)
      plain.set(length === chunk.byteLength ? chunk : chunk.subarray(at, at + length), start)
      this.#used = start + length
      at += length
    }
    this.#schedule()
  }

  ack(handle: number, written: number, acknowledged: number, window: number): void {
    if (this.#closed) return
    writeAck(this.#plainWith(ACK_BYTES), this.#used, handle, written, acknowledged, window)
    this.#used += ACK_BYTES
    this.#schedule()
  }

  frame(encoded: Uint8Array): void {
    if (this.#closed) return
    this.#plainWith(encoded.byteLength).set(encoded, this.#used)
    this.#used += encoded.byteLength
    this.#schedule()
  }

  flush(): void {
    this.#scheduled = false
    this.#write()
  }

  /** What comes after this is dropped: nothing makes room any more. */
  close(): void {
    this.#closed = true
    this.#giveBack()
  }

  /** A record of its own: the header is written before the chunk where it lies, and both are sealed from there. */
  #direct(handle: number, offset: number, chunk: Uint8Array): void {
    this.#write()
    if (this.#closed) return
    const before = chunk.byteOffset - DATA_HEADER_BYTES
    const plain = new Uint8Array(chunk.buffer, before, DATA_HEADER_BYTES + chunk.byteLength)
    writeDataHeader(plain, 0, handle, offset, chunk.byteLength)
    this.#seal(plain)
  }

  #room(): number {
    return RECORD_PLAINTEXT_BYTES_MAX - this.#used
  }

  /** A record with so much room at its end. */
  #plainWith(bytes: number): Uint8Array {
    if (this.#room() < bytes) this.#write()
    this.#plain ??= this.pool.take()
    return this.#plain
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.host.defer(this.#onTurnEnd)
  }

  #write(): void {
    if (this.#plain === undefined || this.#closed) return
    this.#seal(this.#plain.subarray(0, this.#used))
    this.#giveBack()
  }

  #seal(plain: Uint8Array): void {
    const record = this.pool.take()
    try {
      const sealed = this.sealer.seal(plain, record.subarray(RECORD_HEADER_BYTES))
      writeRecordHeader(record, sealed)
      this.#written += RECORD_HEADER_BYTES + sealed
      if (!this.socket.write(record.subarray(0, RECORD_HEADER_BYTES + sealed))) this.#congested = true
    } catch (error) {
      this.host.onFault(error)
    }
    this.pool.give(record)
  }

  #giveBack(): void {
    if (this.#plain !== undefined) this.pool.give(this.#plain)
    this.#plain = undefined
    this.#used = 0
  }
}
