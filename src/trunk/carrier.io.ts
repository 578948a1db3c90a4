import { Duplex } from 'node:stream'
import type { Endpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'

/** A connection that somebody else has made: bytes in order, or its end. */
export interface CarrierConnection {
  write(bytes: Uint8Array): boolean
  pause(): void
  resume(): void
  end(): void
  destroy(error?: Error): void
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end' | 'close' | 'drain', listener: () => void): unknown
}

/** A control link is wanted on it. */
export interface CarrierOffer {
  readonly connection: CarrierConnection
  /** Whether this end begins, as one that dials. The peer then is to be `node`; else it says itself who it is. */
  readonly isInitiator: boolean
  readonly node: NodeId
  readonly boot: number
  readonly remote: Endpoint
}

/** A carrier as a socket: what waits in it counts as what waits in a socket does. */
export class CarrierSocket extends Duplex {
  #written: (() => void) | undefined

  constructor(private readonly connection: CarrierConnection) {
    super()
    connection.on('data', (bytes) => {
      if (!this.push(bytes)) connection.pause()
    })
    connection.on('end', () => this.push(null))
    connection.on('drain', () => this.#drained())
    connection.on('error', (error) => this.destroy(error))
    connection.on('close', () => this.destroy())
  }

  override _read(): void {
    this.connection.resume()
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.connection.write(bytes)) done()
    else this.#written = done
  }

  override _final(done: (error?: Error | null) => void): void {
    this.connection.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.connection.destroy()
    done(error)
  }

  #drained(): void {
    const written = this.#written
    this.#written = undefined
    written?.()
  }
}
