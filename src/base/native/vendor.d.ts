/** Types of the parts that Baton uses; the packages bring none. */

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

declare module 'libsodium-sumo' {
  /** libsodium as WebAssembly, not wrapped: pointers into its memory, and lengths of 64 bits as two halves. */
  interface RawSodium {
    /** Another array whenever the memory has grown. */
    readonly HEAPU8: Uint8Array
    _malloc(bytes: number): number
    _free(at: number): void
    readonly [call: `_${string}`]: (...args: number[]) => number
  }
  export default function loadSodium(options: { getRandomValue(): number }): Promise<RawSodium>
}
