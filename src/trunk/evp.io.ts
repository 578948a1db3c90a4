/**
 * AES-256-GCM of the OpenSSL inside the node binary, through FFI: with one context for a whole link, a record costs less
 * than half of what `createCipheriv` takes to be made anew for each. Where the binary does not show these functions, or
 * they do not do what they should, `loadEvp` says why and the suite is not offered.
 */

import { assert } from '../base/assert.js'
import koffi from '../base/native/koffi.io.js'
import { type Aead, isSound } from './aead.js'
import { foundOnce } from './found.js'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

const EVP_CTRL_AEAD_GET_TAG = 0x10
const EVP_CTRL_AEAD_SET_TAG = 0x11

export const loadEvp = foundOnce<Aead>({
  bind: () => evpOver(bindEvp()),
  isSound,
  missing: 'this node binary has no AES-256-GCM to call',
  unsound: 'AES-256-GCM of this node binary does not open what it seals',
})

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

export function evpOver({ make, free, cipher: find, control, encrypt, decrypt }: EvpCalls): Aead {
  const cipher = find()
  assert(cipher !== null, 'OpenSSL knows AES-256-GCM')
  const length = new Int32Array(1)
  const rest = new Uint8Array(TAG_BYTES)
  return {
    keyBytes: KEY_BYTES,
    nonceBytes: NONCE_BYTES,
    tagBytes: TAG_BYTES,
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
            control(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, into.subarray(bytes)) === 1
          assert(isSealed, 'OpenSSL seals')
        },
        open: (nonce, extra, sealed, into) => {
          const bytes = sealed.byteLength - TAG_BYTES
          return (
            decrypt.init(context, null, null, null, nonce) === 1 &&
            decrypt.update(context, null, length, extra, extra.byteLength) === 1 &&
            decrypt.update(context, into, length, sealed, bytes) === 1 &&
            length[0] === bytes &&
            control(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, sealed.subarray(bytes)) === 1 &&
            decrypt.final(context, rest, length) === 1
          )
        },
        free: () => free(context),
      }
    },
  }
}
