/** Types of the parts that Baton uses; the packages bring none. */

declare module '@hyperswarm/secret-stream' {
  export interface NoiseKeyPair {
    /** Ed25519, 32 bytes. */
    readonly publicKey: Uint8Array
    /** Ed25519 as libsodium keeps it: seed ‖ public key, 64 bytes. */
    readonly secretKey: Uint8Array
  }

  export interface NoiseOptions {
    readonly keyPair: NoiseKeyPair
    readonly pattern: 'XX'
    /** Unordered messages over UDP: of no use on TCP. */
    readonly enableSend: boolean
  }

  /** A streamx duplex: one `write` is one frame on the wire is one `data`. */
  export default class NoiseSecretStream {
    constructor(isInitiator: boolean, rawStream: NodeJS.ReadWriteStream, options: NoiseOptions)
    /** Both `null` before `connect`. */
    readonly handshakeHash: Uint8Array | null
    readonly remotePublicKey: Uint8Array | null
    /** Bytes handed to the raw stream for messages, framing included, handshake not. */
    readonly rawBytesWritten: number
    write(message: Uint8Array): boolean
    end(): void
    destroy(error?: Error): void
    on(event: 'connect' | 'end' | 'close', listener: () => void): this
    on(event: 'data', listener: (message: Uint8Array) => void): this
    on(event: 'error', listener: (error: Error) => void): this
  }
}
