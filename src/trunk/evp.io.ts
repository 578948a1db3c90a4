/**
 * AES-256-GCM of the OpenSSL inside the node binary, through FFI: with one context for a whole link, a record costs less
 * than half of what `createCipheriv` takes to be made anew for each. Where the binary does not show these functions, or
 * they do not do what they should, `loadEvp` says why and the suite is not offered.
 */
import koffi from 'koffi'
import { assert } from '../base/assert.js'
import { messageOf } from '../base/errors.js'

export const GCM_KEY_BYTES = 32
export const GCM_NONCE_BYTES = 12
export const GCM_TAG_BYTES = 16

/**
 * One direction under one key at a time. Native memory: to be freed, and not used afterwards. A call that OpenSSL does not
 * do throws, and what it has written is not to be used; `open` answers `false` then.
 */
export interface GcmContext {
  setKey(key: Uint8Array): void
  /** Ciphertext, as long as `plain`, and then the tag go to `into`. */
  seal(nonce: Uint8Array, extra: Uint8Array, plain: Uint8Array, into: Uint8Array): void
  /** `sealed` is ciphertext and tag. `false`: not sealed under this key with this nonce and `extra`. */
  open(nonce: Uint8Array, extra: Uint8Array, sealed: Uint8Array, into: Uint8Array): boolean
  free(): void
}

export interface Evp {
  context(direction: 'seal' | 'open'): GcmContext
}

const EVP_CTRL_AEAD_GET_TAG = 0x10
const EVP_CTRL_AEAD_SET_TAG = 0x11

let loaded: Evp | { readonly why: string } | undefined

export function loadEvp(): Evp | { readonly why: string } {
  loaded ??= load()
  return loaded
}

/** As OpenSSL names them (EVP_EncryptInit(3)); 1 for done. */
export interface EvpCalls {
  make(): unknown
  free(context: unknown): void
  cipher(): unknown
  control(context: unknown, type: number, length: number, bytes: Uint8Array): number
  readonly encrypt: CipherCalls
  readonly decrypt: CipherCalls
}

export interface CipherCalls {
  init(context: unknown, cipher: unknown, engine: null, key: Uint8Array | null, nonce: Uint8Array | null): number
  update(context: unknown, into: Uint8Array | null, length: Int32Array, bytes: Uint8Array, count: number): number
  final(context: unknown, rest: Uint8Array, length: Int32Array): number
}

function load(): Evp | { readonly why: string } {
  try {
    const evp = evpOver(bindEvp())
    return isSound(evp) ? evp : { why: 'AES-256-GCM of this node binary does not open what it seals' }
  } catch (error) {
    return { why: `this node binary has no AES-256-GCM to call: ${messageOf(error)}` }
  }
}

/** Throws where this process does not show one of them. */
export function bindEvp(): EvpCalls {
  // The process's own symbols: node links OpenSSL in and exports it for addons.
  const library = koffi.load(null)
  const calls = (kind: 'Encrypt' | 'Decrypt'): CipherCalls => ({
    init: library.func(`int EVP_${kind}Init_ex(void *, void *, void *, void *, void *)`),
    update: library.func(`int EVP_${kind}Update(void *, void *, void *, void *, int)`),
    final: library.func(`int EVP_${kind}Final_ex(void *, void *, void *)`),
  })
  return {
    make: library.func('void *EVP_CIPHER_CTX_new()'),
    free: library.func('void EVP_CIPHER_CTX_free(void *)'),
    cipher: library.func('void *EVP_aes_256_gcm()'),
    control: library.func('int EVP_CIPHER_CTX_ctrl(void *, int, int, void *)'),
    encrypt: calls('Encrypt'),
    decrypt: calls('Decrypt'),
  }
}

export function evpOver({ make, free, cipher: find, control, encrypt, decrypt }: EvpCalls): Evp {
  const cipher = find()
  assert(cipher !== null, 'OpenSSL knows AES-256-GCM')
  const length = new Int32Array(1)
  const rest = new Uint8Array(GCM_TAG_BYTES)
  return {
    context: (direction) => {
      const context = make()
      assert(context !== null, 'OpenSSL makes a context')
      const { init } = direction === 'seal' ? encrypt : decrypt
      return {
        setKey: (key) => assert(init(context, cipher, null, key, null) === 1, 'OpenSSL takes a key'),
        seal: (nonce, extra, plain, into) => {
          const bytes = plain.byteLength
          const isSealed =
            encrypt.init(context, null, null, null, nonce) === 1 &&
            encrypt.update(context, null, length, extra, extra.byteLength) === 1 &&
            encrypt.update(context, into, length, plain, bytes) === 1 &&
            length[0] === bytes &&
            encrypt.final(context, rest, length) === 1 &&
            control(context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, into.subarray(bytes)) === 1
          assert(isSealed, 'OpenSSL seals')
        },
        open: (nonce, extra, sealed, into) => {
          const bytes = sealed.byteLength - GCM_TAG_BYTES
          return (
            decrypt.init(context, null, null, null, nonce) === 1 &&
            decrypt.update(context, null, length, extra, extra.byteLength) === 1 &&
            decrypt.update(context, into, length, sealed, bytes) === 1 &&
            length[0] === bytes &&
            control(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, sealed.subarray(bytes)) === 1 &&
            decrypt.final(context, rest, length) === 1
          )
        },
        free: () => free(context),
      }
    },
  }
}

/** A call that does nothing where another was meant would send bytes in the clear: looked at once, before any use. */
function isSound(evp: Evp): boolean {
  const [key, nonce, extra] = [new Uint8Array(GCM_KEY_BYTES).fill(1), new Uint8Array(GCM_NONCE_BYTES), Uint8Array.of(7)]
  const plain = Uint8Array.of(1, 2, 3, 4)
  const sealed = new Uint8Array(plain.byteLength + GCM_TAG_BYTES)
  const opened = new Uint8Array(plain.byteLength)
  const [sealing, opening] = [evp.context('seal'), evp.context('open')]
  sealing.setKey(key)
  opening.setKey(key)
  sealing.seal(nonce, extra, plain, sealed)
  const isHidden = plain.some((byte, at) => sealed[at] !== byte)
  const opens = opening.open(nonce, extra, sealed, opened) && opened.every((byte, at) => byte === plain[at])
  sealed[0] = (sealed[0] as number) ^ 1
  const minds = !opening.open(nonce, extra, sealed, opened)
  sealing.free()
  opening.free()
  return isHidden && opens && minds
}
