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

declare module 'sodium-native' {
  interface Sodium {
    readonly crypto_secretstream_xchacha20poly1305_ABYTES: number
    readonly crypto_secretstream_xchacha20poly1305_HEADERBYTES: number
    readonly crypto_secretstream_xchacha20poly1305_STATEBYTES: number
    readonly crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: number
    readonly crypto_secretstream_xchacha20poly1305_TAG_REKEY: number
    crypto_secretstream_xchacha20poly1305_init_push(state: Uint8Array, header: Uint8Array, key: Uint8Array): void
    crypto_secretstream_xchacha20poly1305_init_pull(state: Uint8Array, header: Uint8Array, key: Uint8Array): void
    /** Throws if the lengths do not fit. */
    crypto_secretstream_xchacha20poly1305_push(
      state: Uint8Array,
      sealed: Uint8Array,
      plain: Uint8Array,
      extra: null,
      tag: number,
    ): number
    /** Throws if the record was not sealed under this state. */
    crypto_secretstream_xchacha20poly1305_pull(
      state: Uint8Array,
      plain: Uint8Array,
      tag: Uint8Array,
      sealed: Uint8Array,
      extra: null,
    ): number
    /** BLAKE2b of up to 64 bytes; `key` makes it a MAC. */
    crypto_generichash(out: Uint8Array, input: Uint8Array, key?: Uint8Array): void
    crypto_sign_keypair(publicKey: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    /** In constant time; both of one length. */
    sodium_memcmp(a: Uint8Array, b: Uint8Array): boolean
    randombytes_buf(out: Uint8Array): void
  }
  const sodium: Sodium
  export default sodium
}
