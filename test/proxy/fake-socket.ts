/**
 * A socket whose kernel and peer are the test: nothing happens by itself. The strictest reading of the interface: a chunk
 * is poisoned as soon as the call has returned, and FIN and close come also to a paused reader.
 */
import type { Endpoint } from '../../src/base/address.js'
import type { CloseCause, Socket, SocketHandler } from '../../src/proxy/endpoint.js'

const POISON = 0xdd

export class FakeSocket implements Socket {
  readonly local: Endpoint = { address: '192.0.2.10', port: 80 }
  readonly remote: Endpoint = { address: '192.0.2.20', port: 40_000 }
  /** What the peer's program got, in order. */
  readonly delivered: number[] = []
  paused = true
  ended = false
  resets = 0
  closed = false
  /** Bytes handed to the handler. */
  read = 0
  chunkBytesLargest = 0
  /** Bytes that the kernel has and the peer's TCP has not acknowledged. */
  inFlight = 0
  /** How much the kernel still takes without a wait. */
  kernelRoom = Number.POSITIVE_INFINITY
  readonly #queue: number[] = []
  #owesDrain = false
  #finIn = false
  #handler: SocketHandler | undefined

  constructor(readonly fd = -1) {}

  attach(handler: SocketHandler): void {
    this.#handler = handler
  }

  write(chunk: Uint8Array): boolean {
    if (this.ended || this.closed) return true
    for (const byte of chunk) this.#queue.push(byte)
    this.#toKernel()
    this.#owesDrain ||= this.#queue.length > 0
    return this.#queue.length === 0
  }

  end(): void {
    this.ended = true
  }

  reset(): void {
    this.resets++
    this.#queue.length = 0
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  queued(): number {
    return this.#queue.length
  }

  unacknowledged(): number | undefined {
    return this.inFlight
  }

  // --- what the test does ---

  open(): void {
    this.#handler?.onOpen()
  }

  /** The peer's bytes reach the reader; only where it is not paused. */
  say(bytes: Uint8Array): void {
    const chunk = bytes.slice()
    this.read += chunk.length
    this.chunkBytesLargest = Math.max(this.chunkBytesLargest, chunk.length)
    this.#handler?.onData(chunk)
    chunk.fill(POISON)
  }

  sayEnd(): void {
    this.#finIn = true
    this.#handler?.onEnd()
  }

  /** The kernel takes `bytes` more of what `write` had to keep. */
  drain(bytes: number): void {
    this.kernelRoom += bytes
    this.#toKernel()
    if (this.#queue.length > 0 || !this.#owesDrain) return
    this.#owesDrain = false
    this.#handler?.onDrain()
  }

  /** The last event of a socket that ended in order or was reset from here; `false`: it is not that far. */
  closeIfDone(): boolean {
    if (this.closed) return false
    if (this.resets > 0) return this.close('aborted')
    return this.ended && this.#finIn && this.#queue.length === 0 ? this.close('ended') : false
  }

  close(cause: CloseCause): boolean {
    this.closed = true
    this.#queue.length = 0
    this.#handler?.onClose(cause, '')
    return true
  }

  #toKernel(): void {
    const taken = this.#queue.splice(0, this.kernelRoom)
    for (const byte of taken) this.delivered.push(byte)
    this.kernelRoom -= taken.length
  }
}
