/** What a connection of hyperswarm looks like from here. */

/** Ed25519, as libsodium keeps it. */
export interface SwarmKeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** What carries it: bytes in order, still sealed. */
interface RawStream {
  readonly remoteHost: string | null
  readonly remotePort: number
  on(event: 'data', listener: (bytes: Uint8Array) => void): this
  removeListener(event: 'data', listener: (bytes: Uint8Array) => void): this
}

/** A streamx duplex, encrypted between two key pairs: one `write` is one `data` at the other end, in order. */
export interface SwarmConnection {
  readonly isInitiator: boolean
  readonly remotePublicKey: Uint8Array
  /** The same at both ends, and never again. */
  readonly handshakeHash: Uint8Array
  readonly rawStream: RawStream | null
  write(message: Uint8Array): boolean
  pause(): void
  resume(): void
  end(): void
  destroy(error?: Error): void
  on(event: 'data', listener: (message: Uint8Array) => void): this
  on(event: 'error', listener: (error: Error) => void): this
  on(event: 'end' | 'close' | 'drain', listener: () => void): this
  once(event: 'close' | 'drain', listener: () => void): this
  removeListener(event: 'data', listener: (message: Uint8Array) => void): this
}
