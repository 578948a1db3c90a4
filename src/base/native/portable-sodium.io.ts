/**
 * libsodium as WebAssembly in the shape of sodium-native: the caller's buffers are filled, and a failure throws. Only what
 * Baton and the packages that it uses call. Each call copies what it needs into the memory of the WebAssembly, and back
 * what was written; a state of libsodium lies in the caller's buffer as it does with sodium-native, byte for byte.
 */
import { randomFillSync, timingSafeEqual } from 'node:crypto'
import loadSodium from 'libsodium-sumo'
import { assert } from '../assert.js'

/** As an ES module it finds no source of randomness on Node 20 by itself. */
const raw = await loadSodium({ getRandomValue: () => randomFillSync(new Uint32Array(1))[0] as number })
assert(raw._sodium_init?.() !== -1, 'libsodium begins')

interface Passed {
  readonly bytes: Uint8Array
  readonly isRead: boolean
  readonly isWritten: boolean
}
/** A view alone is read. */
type Argument = number | null | undefined | Uint8Array | Passed

const out = (bytes: Uint8Array): Passed => ({ bytes, isRead: false, isWritten: true })
const both = (bytes: Uint8Array): Passed => ({ bytes, isRead: true, isWritten: true })
/** 64 bits in two halves; no length here comes near 2³². */
const size = (bytes: Uint8Array | null | undefined): [number, number] => [bytes?.byteLength ?? 0, 0]
const ALIGN = 16

/** Throws where libsodium does not answer 0; nothing is written then. */
function call(name: string, ...args: Argument[]): void {
  const buffers = args.flatMap((arg): (Passed | undefined)[] => {
    if (typeof arg === 'number' || arg === null || arg === undefined) return [undefined]
    return [arg instanceof Uint8Array ? { bytes: arg, isRead: true, isWritten: false } : arg]
  })
  const room = buffers.reduce((sum, buffer) => sum + (buffer === undefined ? 0 : padded(buffer.bytes)), 0)
  const memory = raw._malloc(room)
  assert(memory !== 0, 'there is memory for a call of libsodium')
  try {
    let end = memory
    const words = args.map((arg, i) => {
      const buffer = buffers[i]
      if (buffer === undefined) return (arg as number | null | undefined) ?? 0
      const place = end
      end += padded(buffer.bytes)
      if (buffer.isRead) raw.HEAPU8.set(buffer.bytes, place)
      return place
    })
    const result = (raw[`_${name}`] as (...args: number[]) => number)(...words)
    if (result !== 0) throw new Error(`${name} answers ${result}`)
    for (const [i, buffer] of buffers.entries()) {
      if (buffer?.isWritten !== true) continue
      const place = words[i] as number
      buffer.bytes.set(raw.HEAPU8.subarray(place, place + buffer.bytes.byteLength))
    }
  } finally {
    // Keys were there.
    raw.HEAPU8.fill(0, memory, memory + room)
    raw._free(memory)
  }
}

function padded(bytes: Uint8Array): number {
  return Math.ceil(Math.max(1, bytes.byteLength) / ALIGN) * ALIGN
}

/** As the headers of libsodium name them, of calls that answer them. */
const CONSTANTS = [
  'crypto_aead_chacha20poly1305_ietf_ABYTES',
  'crypto_aead_chacha20poly1305_ietf_KEYBYTES',
  'crypto_aead_chacha20poly1305_ietf_NPUBBYTES',
  'crypto_box_PUBLICKEYBYTES',
  'crypto_box_SECRETKEYBYTES',
  'crypto_box_SEALBYTES',
  'crypto_box_SEEDBYTES',
  'crypto_generichash_BYTES',
  'crypto_generichash_BYTES_MAX',
  'crypto_generichash_KEYBYTES',
  'crypto_generichash_STATEBYTES',
  'crypto_hash_sha512_BYTES',
  'crypto_kx_PUBLICKEYBYTES',
  'crypto_kx_SECRETKEYBYTES',
  'crypto_kx_SEEDBYTES',
  'crypto_scalarmult_BYTES',
  'crypto_scalarmult_SCALARBYTES',
  'crypto_scalarmult_ed25519_BYTES',
  'crypto_scalarmult_ed25519_SCALARBYTES',
  'crypto_secretbox_KEYBYTES',
  'crypto_secretbox_MACBYTES',
  'crypto_secretbox_NONCEBYTES',
  'crypto_secretstream_xchacha20poly1305_ABYTES',
  'crypto_secretstream_xchacha20poly1305_HEADERBYTES',
  'crypto_secretstream_xchacha20poly1305_KEYBYTES',
  'crypto_secretstream_xchacha20poly1305_STATEBYTES',
  'crypto_secretstream_xchacha20poly1305_TAG_MESSAGE',
  'crypto_secretstream_xchacha20poly1305_TAG_PUSH',
  'crypto_secretstream_xchacha20poly1305_TAG_REKEY',
  'crypto_secretstream_xchacha20poly1305_TAG_FINAL',
  'crypto_sign_BYTES',
  'crypto_sign_PUBLICKEYBYTES',
  'crypto_sign_SECRETKEYBYTES',
  'crypto_sign_SEEDBYTES',
] as const

type Bytes = Uint8Array
type Extra = Uint8Array | null | undefined

const CALLS = {
  randombytes_buf: (into: Bytes) => void randomFillSync(into),
  sodium_memcmp: (a: Bytes, b: Bytes) => timingSafeEqual(a, b),
  sodium_memzero: (bytes: Bytes) => void bytes.fill(0),
  sodium_free: () => {},
  /** Little-endian. */
  sodium_increment: (number: Bytes) => {
    for (let i = 0; i < number.byteLength; i++) {
      number[i] = ((number[i] as number) + 1) & 255
      if (number[i] !== 0) return
    }
  },
  crypto_generichash: (into: Bytes, input: Bytes, key?: Extra) =>
    call('crypto_generichash', out(into), into.byteLength, input, ...size(input), key, key?.byteLength ?? 0),
  crypto_generichash_batch: (into: Bytes, inputs: readonly Bytes[], key?: Extra) =>
    CALLS.crypto_generichash(into, Buffer.concat(inputs), key),
  crypto_hash_sha512: (into: Bytes, input: Bytes) => call('crypto_hash_sha512', out(into), input, ...size(input)),
  crypto_sign_keypair: (publicKey: Bytes, secretKey: Bytes) =>
    CALLS.crypto_sign_seed_keypair(publicKey, secretKey, randomFillSync(new Uint8Array(32))),
  crypto_sign_seed_keypair: (publicKey: Bytes, secretKey: Bytes, seed: Bytes) =>
    call('crypto_sign_seed_keypair', out(publicKey), out(secretKey), seed),
  crypto_sign_detached: (signature: Bytes, message: Bytes, secretKey: Bytes) =>
    call('crypto_sign_detached', out(signature), null, message, ...size(message), secretKey),
  crypto_sign_verify_detached: (signature: Bytes, message: Bytes, publicKey: Bytes) =>
    holds(() => call('crypto_sign_verify_detached', signature, message, ...size(message), publicKey)),
  crypto_sign_ed25519_sk_to_pk: (publicKey: Bytes, secretKey: Bytes) =>
    call('crypto_sign_ed25519_sk_to_pk', out(publicKey), secretKey),
  crypto_box_keypair: (publicKey: Bytes, secretKey: Bytes) =>
    CALLS.crypto_box_seed_keypair(publicKey, secretKey, randomFillSync(new Uint8Array(32))),
  crypto_box_seed_keypair: (publicKey: Bytes, secretKey: Bytes, seed: Bytes) =>
    call('crypto_box_seed_keypair', out(publicKey), out(secretKey), seed),
  crypto_box_seal: (sealed: Bytes, message: Bytes, publicKey: Bytes) =>
    call('crypto_box_seal', out(sealed), message, ...size(message), publicKey),
  crypto_box_seal_open: (message: Bytes, sealed: Bytes, publicKey: Bytes, secretKey: Bytes) =>
    holds(() => call('crypto_box_seal_open', out(message), sealed, ...size(sealed), publicKey, secretKey)),
  crypto_secretbox_easy: (sealed: Bytes, message: Bytes, nonce: Bytes, key: Bytes) =>
    call('crypto_secretbox_easy', out(sealed), message, ...size(message), nonce, key),
  crypto_secretbox_open_easy: (message: Bytes, sealed: Bytes, nonce: Bytes, key: Bytes) =>
    holds(() => call('crypto_secretbox_open_easy', out(message), sealed, ...size(sealed), nonce, key)),
  crypto_kx_keypair: (publicKey: Bytes, secretKey: Bytes) =>
    call('crypto_kx_seed_keypair', out(publicKey), out(secretKey), randomFillSync(new Uint8Array(32))),
  crypto_kx_seed_keypair: (publicKey: Bytes, secretKey: Bytes, seed: Bytes) =>
    call('crypto_kx_seed_keypair', out(publicKey), out(secretKey), seed),
  crypto_scalarmult: (into: Bytes, scalar: Bytes, point: Bytes) => call('crypto_scalarmult', out(into), scalar, point),
  crypto_scalarmult_base: (into: Bytes, scalar: Bytes) => call('crypto_scalarmult_base', out(into), scalar),
  crypto_scalarmult_ed25519: (into: Bytes, scalar: Bytes, point: Bytes) =>
    call('crypto_scalarmult_ed25519', out(into), scalar, point),
  crypto_scalarmult_ed25519_noclamp: (into: Bytes, scalar: Bytes, point: Bytes) =>
    call('crypto_scalarmult_ed25519_noclamp', out(into), scalar, point),
  crypto_aead_chacha20poly1305_ietf_encrypt: (
    into: Bytes,
    message: Bytes,
    extra: Extra,
    _: null,
    nonce: Bytes,
    key: Bytes,
  ) => {
    const name = 'crypto_aead_chacha20poly1305_ietf_encrypt'
    call(name, out(into), null, message, ...size(message), extra, ...size(extra), null, nonce, key)
    return message.byteLength + 16
  },
  crypto_aead_chacha20poly1305_ietf_decrypt: (
    into: Bytes,
    _: null,
    sealed: Bytes,
    extra: Extra,
    nonce: Bytes,
    key: Bytes,
  ) => {
    const name = 'crypto_aead_chacha20poly1305_ietf_decrypt'
    call(name, out(into), null, null, sealed, ...size(sealed), extra, ...size(extra), nonce, key)
    return sealed.byteLength - 16
  },
  crypto_secretstream_xchacha20poly1305_keygen: (key: Bytes) => void randomFillSync(key),
  crypto_secretstream_xchacha20poly1305_init_push: (state: Bytes, header: Bytes, key: Bytes) =>
    call('crypto_secretstream_xchacha20poly1305_init_push', out(state), out(header), key),
  crypto_secretstream_xchacha20poly1305_init_pull: (state: Bytes, header: Bytes, key: Bytes) =>
    call('crypto_secretstream_xchacha20poly1305_init_pull', out(state), header, key),
  crypto_secretstream_xchacha20poly1305_push: (
    state: Bytes,
    sealed: Bytes,
    plain: Bytes,
    extra: Extra,
    tag: number,
  ) => {
    assert(sealed.byteLength === plain.byteLength + 17, 'what is sealed has just its length')
    const name = 'crypto_secretstream_xchacha20poly1305_push'
    call(name, both(state), out(sealed), null, plain, ...size(plain), extra, ...size(extra), tag)
    return sealed.byteLength
  },
  crypto_secretstream_xchacha20poly1305_pull: (state: Bytes, plain: Bytes, tag: Bytes, sealed: Bytes, extra: Extra) => {
    assert(sealed.byteLength === plain.byteLength + 17, 'what is opened has just its length')
    const name = 'crypto_secretstream_xchacha20poly1305_pull'
    call(name, both(state), out(plain), null, out(tag), sealed, ...size(sealed), extra, ...size(extra))
    return plain.byteLength
  },
}

function holds(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}

export type PortableSodium = typeof CALLS & Record<(typeof CONSTANTS)[number], number>

export function loadPortableSodium(): PortableSodium {
  const constants = CONSTANTS.map((name) => {
    const value = raw[`_${name.toLowerCase()}`] as () => number
    return [name, value()] as const
  })
  return { ...CALLS, ...(Object.fromEntries(constants) as Record<(typeof CONSTANTS)[number], number>) }
}
