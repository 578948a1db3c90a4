/**
 * AES-256-GCM of the OpenSSL inside the node binary, through FFI: with one context for a whole link, a record costs less
 * than half of what `createCipheriv` takes to be made anew for each. Where the binary does not show these functions, or
 * they do not do what they should, `loadEvp` says why and the suite is not offered.
 */
import koffi from 'koffi'
import { messageOf } from '../base/errors.js'
import { type Aead, type Found, isSound } from './aead.js'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

const EVP_CTRL_AEAD_GET_TAG = 0x10
const EVP_CTRL_AEAD_SET_TAG = 0x11

let loaded: Found<Aead> | undefined

export function loadEvp(): Found<Aead> {
  loaded ??= load()
  return loaded
}

function load(): Found<Aead> {
  try {
    const evp = bind()
    return isSound(evp) ? evp : { why: 'AES-256-GCM of this node binary does not open what it seals' }
  } catch (error) {
    return { why: `this node binary shows no EVP functions: ${messageOf(error)}` }
  }
}

function bind(): Aead {
  // The process's own symbols: node links OpenSSL in and exports it for addons.
  const library = koffi.load(null)
  const make = library.func('void *EVP_CIPHER_CTX_new()')
  const free = library.func('void EVP_CIPHER_CTX_free(void *)')
  const cipher = library.func('void *EVP_aes_256_gcm()')() as unknown
  const control = library.func('int EVP_CIPHER_CTX_ctrl(void *, int, int, void *)')
  const calls = (kind: 'Encrypt' | 'Decrypt') => ({
    init: library.func(`int EVP_${kind}Init_ex(void *, void *, void *, void *, void *)`),
    update: library.func(`int EVP_${kind}Update(void *, void *, void *, void *, int)`),
    final: library.func(`int EVP_${kind}Final_ex(void *, void *, void *)`),
  })
  const [encrypt, decrypt] = [calls('Encrypt'), calls('Decrypt')]
  const length = new Int32Array(1)
  const rest = new Uint8Array(TAG_BYTES)
  return {
    keyBytes: KEY_BYTES,
    nonceBytes: NONCE_BYTES,
    tagBytes: TAG_BYTES,
    context: (direction) => {
      const context = make() as unknown
      const { init } = direction === 'seal' ? encrypt : decrypt
      return {
        setKey: (key) => void init(context, cipher, null, key, null),
        seal: (nonce, extra, plain, into) => {
          encrypt.init(context, null, null, null, nonce)
          encrypt.update(context, null, length, extra, extra.byteLength)
          encrypt.update(context, into, length, plain, plain.byteLength)
          encrypt.final(context, rest, length)
          control(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, into.subarray(plain.byteLength))
        },
        open: (nonce, extra, sealed, into) => {
          const bytes = sealed.byteLength - TAG_BYTES
          decrypt.init(context, null, null, null, nonce)
          decrypt.update(context, null, length, extra, extra.byteLength)
          decrypt.update(context, into, length, sealed, bytes)
          control(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, sealed.subarray(bytes))
          return decrypt.final(context, rest, length) === 1
        },
        free: () => free(context),
      }
    },
  }
}
