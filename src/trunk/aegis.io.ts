/**
 * AEGIS-128L (draft-irtf-cfrg-aegis-aead) of the libsodium inside sodium-native, through FFI: with AES instructions it takes
 * a third of the time of AES-GCM. The package's binding does not show it and its file does not export it, so it is called
 * by its place in the file's symbol table: only in a version of the package that this was tried with, and after a look that
 * it does what it should. Where that fails `loadAegis` says why and the suite is not offered.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { assert } from '../base/assert.js'
import koffi from '../base/native/koffi.io.js'
import { whyPortable } from '../base/native/sodium.io.js'
import { type Aead, type AeadContext, isSound } from './aead.js'
import { elfSymbols } from './elf-symbols.js'
import { type Found, foundOnce } from './found.js'

/** A call into a function that is not exported relies on how just that file was built. */
const TRIED_VERSIONS: readonly string[] = ['5.1.0']

const KEY_BYTES = 16
const NONCE_BYTES = 16
/** The long tag, which libsodium always makes: it commits to the key. */
const TAG_BYTES = 32

const SEAL = 'crypto_aead_aegis128l_encrypt'
const OPEN = 'crypto_aead_aegis128l_decrypt'
/** One that is exported: where it lies tells where the file is loaded. */
const EXPORTED = 'napi_register_module_v1'

/** koffi unloads a library that nobody holds: its functions would lead nowhere, if nothing else had loaded that file. */
const held: unknown[] = []

export const loadAegis = foundOnce<Aead>({
  bind,
  isSound,
  missing: 'AEGIS-128L of libsodium cannot be called',
  unsound: 'AEGIS-128L of this libsodium does not open what it seals',
})

function bind(): Found<Aead> {
  if (whyPortable !== '') return { why: whyPortable }
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('sodium-native/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  if (!TRIED_VERSIONS.includes(version)) return { why: `AEGIS-128L was not tried with sodium-native ${version}` }
  const folder = path.join(path.dirname(manifest), 'prebuilds', `${process.platform}-${process.arch}`)
  return bindAegis(path.join(folder, 'sodium-native.node'))
}

export function bindAegis(file: string): Found<Aead> {
  const symbols = elfSymbols(readFileSync(file), [SEAL, OPEN, EXPORTED])
  const [sealAt, openAt, exportedAt] = [SEAL, OPEN, EXPORTED].map((name) => symbols.get(name))
  if (sealAt === undefined || openAt === undefined || exportedAt === undefined) {
    return { why: 'the libsodium of this platform does not name AEGIS-128L' }
  }
  // The process has it loaded already, with libsodium's choice of code for this CPU made: this is one more reference.
  const library = koffi.load(file)
  held.push(library)
  const base = koffi.address(library.symbol(EXPORTED)) - exportedAt
  const [bytes, length] = ['void *', 'uint64_t']
  // (c, &clen, m, mlen, ad, adlen, nsec, npub, k)
  const encrypt = koffi.decode(
    base + sealAt,
    koffi.proto('int', [bytes, bytes, bytes, length, bytes, length, bytes, bytes, bytes]),
  ) as Call
  // (m, &mlen, nsec, c, clen, ad, adlen, npub, k)
  const decrypt = koffi.decode(
    base + openAt,
    koffi.proto('int', [bytes, bytes, bytes, bytes, length, bytes, length, bytes, bytes]),
  ) as Call
  return {
    keyBytes: KEY_BYTES,
    nonceBytes: NONCE_BYTES,
    tagBytes: TAG_BYTES,
    context: () => contextOf(encrypt, decrypt),
  }
}

type Call = (...parameters: (Uint8Array | number | null)[]) => number

function contextOf(encrypt: Call, decrypt: Call): AeadContext {
  const key = new Uint8Array(KEY_BYTES)
  return {
    setKey: (next) => key.set(next),
    seal: (nonce, extra, plain, into) => {
      assert(into.byteLength >= plain.byteLength + TAG_BYTES, 'what is sealed fits its buffer')
      const result = encrypt(into, null, plain, plain.byteLength, extra, extra.byteLength, null, nonce, key)
      assert(result === 0, 'libsodium seals')
    },
    open: (nonce, extra, sealed, into) => {
      const isLongEnough = sealed.byteLength >= TAG_BYTES && into.byteLength >= sealed.byteLength - TAG_BYTES
      return (
        isLongEnough && decrypt(into, null, null, sealed, sealed.byteLength, extra, extra.byteLength, nonce, key) === 0
      )
    },
    free: () => void key.fill(0),
  }
}
