/**
 * What goes out on a data link: frames of many splices gathered into one record, sealed and written once per turn of the
 * event loop, so that a hundred small writes cost one seal and one system call.
 */

import type { Socket } from '../proxy/ports.js'
import { writeDataHeader } from '../proxy/splice-codec.js'
import { DATA_BYTES_MAX, DATA_OFFSET_BYTES, FRAME_HEADER_BYTES } from '../proxy/splice-frame.js'
import type { Sealer } from '../trunk/ports.js'
import { RECORD_HEADER_BYTES, RECORD_PLAINTEXT_BYTES_MAX, writeRecordHeader } from '../trunk/record.js'

const DATA_HEADER_BYTES = FRAME_HEADER_BYTES + DATA_OFFSET_BYTES

/** In one system call: what a turn adds to one large record, such as another splice's bytes, goes with it. */
const RECORDS_PER_WRITE = 2

/** A piece of a chunk smaller than this is not worth a header of its own: the record is closed first. */
const PIECE_BYTES_MIN = 1_024

export class LinkWriter {
  readonly #plain = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)
  /** Whole records that wait for the end of the turn, or until the next one has no room. */
  readonly #sealed: Uint8Array
  #sealedBytes = 0
  readonly #recordBytesMax: number
  #used = 0
  #scheduled = false
  #congested = false
  #closed = false

  constructor(
    private readonly socket: Socket,
    private readonly sealer: Sealer,
    private readonly defer: (task: () => void) => void,
  ) {
    this.#recordBytesMax = RECORD_HEADER_BYTES + RECORD_PLAINTEXT_BYTES_MAX + sealer.overheadBytes
    this.#sealed = new Uint8Array(RECORDS_PER_WRITE * this.#recordBytesMax)
  }

  /** The kernel takes no more: splices wait until `drained`. Small frames may still be added; they are few per splice. */
  get congested(): boolean {
    return this.#congested
  }

  drained(): void {
    this.#congested = false
  }

  data(handle: number, offset: number, chunk: Uint8Array): void {
    if (this.#closed) return
    let at = 0
    while (at < chunk.byteLength) {
      const left = chunk.byteLength - at
      if (this.#room() < DATA_HEADER_BYTES + Math.min(left, PIECE_BYTES_MIN)) this.#seal()
      const length = Math.min(left, this.#room() - DATA_HEADER_BYTES, DATA_BYTES_MAX)
      const start = writeDataHeader(this.#plain, this.#used, handle, offset + at, length)
      this.#plain.set(chunk.subarray(at, at + length), start)
      this.#used = start + length
      at += length
    }
    this.#schedule()
  }

  frame(encoded: Uint8Array): void {
    if (this.#closed) return
    if (this.#room() < encoded.byteLength) this.#seal()
    this.#plain.set(encoded, this.#used)
    this.#used += encoded.byteLength
    this.#schedule()
  }

  flush(): void {
    this.#scheduled = false
    this.#seal()
    this.#write()
  }

  /** What comes after this is dropped: nothing makes room any more. */
  close(): void {
    this.#closed = true
  }

  #room(): number {
    return this.#plain.byteLength - this.#used
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.defer(() => this.flush())
  }

  #seal(): void {
    if (this.#used === 0 || this.#closed) return
    const record = this.#sealed.subarray(this.#sealedBytes)
    const sealed = this.sealer.seal(this.#plain.subarray(0, this.#used), record.subarray(RECORD_HEADER_BYTES))
    writeRecordHeader(record, sealed)
    this.#used = 0
    this.#sealedBytes += RECORD_HEADER_BYTES + sealed
    if (this.#sealed.byteLength - this.#sealedBytes < this.#recordBytesMax) this.#write()
  }

  #write(): void {
    if (this.#sealedBytes === 0 || this.#closed) return
    const bytes = this.#sealed.subarray(0, this.#sealedBytes)
    this.#sealedBytes = 0
    if (!this.socket.write(bytes)) this.#congested = true
  }
}
