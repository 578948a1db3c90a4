/**
 * A program's socket whose end may be withheld for a moment, while somebody looks whether the program has ended the connection or has
 * itself come to an end. All else goes straight through.
 */
import type { Endpoint } from '../base/address.js'
import type { CarriedEnds, CloseCause, Socket, SocketHandler } from './endpoint.js'

export class WatchedSocket implements Socket, SocketHandler {
  /** The peer has ended, with FIN or RST. `true`: that is withheld, until `passOn`. */
  onPeerEnd: ((how: 'fin' | 'rst') => boolean) | undefined
  /** Whose socket it is. */
  handler: SocketHandler | undefined
  #withheld: (() => void)[] = []

  constructor(private readonly inner: Socket) {}

  get fd(): number {
    return this.inner.fd
  }

  get local(): Endpoint {
    return this.inner.local
  }

  get remote(): Endpoint {
    return this.inner.remote
  }

  /** Whatever is withheld is told. */
  passOn(): void {
    for (const tell of this.#withheld.splice(0)) tell()
  }

  // --- for the half ---

  attach(handler: SocketHandler): void {
    this.handler = handler
    this.inner.attach(this)
  }

  write(chunk: Uint8Array): boolean {
    return this.inner.write(chunk)
  }

  end(): void {
    this.inner.end()
  }

  reset(): void {
    this.inner.reset()
  }

  carried(): CarriedEnds | undefined {
    const ends = this.inner.carried?.()
    // The next process reads it once more, and is told then.
    return ends !== undefined && this.#withheld.length > 0 ? { ...ends, read: false } : ends
  }

  pause(): void {
    this.inner.pause()
  }

  resume(): void {
    this.inner.resume()
  }

  queued(): number {
    return this.inner.queued()
  }

  unacknowledged(): number | undefined {
    return this.inner.unacknowledged()
  }

  // --- from the socket ---

  onOpen(): void {
    this.handler?.onOpen()
  }

  onData(chunk: Uint8Array): void {
    this.handler?.onData(chunk)
  }

  onEnd(): void {
    this.#withheld.push(() => this.handler?.onEnd())
    if (this.onPeerEnd?.('fin') !== true) this.passOn()
  }

  onDrain(): void {
    this.handler?.onDrain()
  }

  onClose(cause: CloseCause, detail: string): void {
    this.#withheld.push(() => this.handler?.onClose(cause, detail))
    if (cause !== 'reset' || this.onPeerEnd?.('rst') !== true) this.passOn()
  }
}
