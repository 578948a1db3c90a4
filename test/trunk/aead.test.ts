/** The ciphers that are looked up: what others say they make of given bytes, and what they are looked at for before use. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toHex } from '../../src/base/bytes.js'
import { type Aead, type AeadContext, isSound } from '../../src/trunk/aead.js'
import { bindAegis, loadAegis } from '../../src/trunk/aegis.io.js'
import { loadEvp } from '../../src/trunk/evp.io.js'
import type { Found } from '../../src/trunk/found.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/aead')
const evp = loadEvp()
assert.not('why' in evp, 'this node binary has AES-256-GCM')
const aegis = loadAegis()
assert.not('why' in aegis, 'this sodium-native has AEGIS-128L')

interface Vector {
  readonly extra: string
  readonly plain: string
  readonly hidden: string
  readonly tag: string
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

function holdTo(aead: Found<Aead>, key: string, nonce: string, vectors: readonly Vector[]): void {
  if ('why' in aead) return
  const [sealing, opening] = [aead.context('seal'), aead.context('open')]
  for (const context of [sealing, opening]) context.setKey(bytes(key))
  for (const { extra, plain, hidden, tag } of vectors) {
    const sealed = new Uint8Array(hidden.length / 2 + aead.tagBytes)
    sealing.seal(bytes(nonce), bytes(extra), bytes(plain), sealed)
    assert.is(toHex(sealed), hidden + tag)
    const opened = new Uint8Array(plain.length / 2)
    assert.ok(opening.open(bytes(nonce), bytes(extra), sealed, opened))
    assert.equal(opened, bytes(plain))
  }
  for (const context of [sealing, opening]) context.free()
}

/** draft-irtf-cfrg-aegis-aead, appendix A: the test vectors of AEGIS-128L that open, with the tag of 32 bytes. */
const DRAFT: readonly Vector[] = [
  {
    extra: '',
    plain: '00000000000000000000000000000000',
    hidden: 'c1c0e58bd913006feba00f4b3cc3594e',
    tag: '25835bfbb21632176cf03840687cb968cace4617af1bd0f7d064c639a5c79ee4',
  },
  { extra: '', plain: '', hidden: '', tag: '1360dc9db8ae42455f6e5b6a9d488ea4f2184c4e12120249335c4ee84bafe25d' },
  {
    extra: '0001020304050607',
    plain: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    hidden: '79d94593d8c2119d7e8fd9b8fc77845c5c077a05b2528b6ac54b563aed8efe84',
    tag: '022cb796fe7e0ae1197525ff67e309484cfbab6528ddef89f17d74ef8ecd82b3',
  },
  {
    extra: '0001020304050607',
    plain: '000102030405060708090a0b0c0d',
    hidden: '79d94593d8c2119d7e8fd9b8fc77',
    tag: '86f1b80bfb463aba711d15405d094baf4a55a15dbfec81a76f35ed0b9c8b04ac',
  },
  {
    extra: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829',
    plain: '101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637',
    hidden: 'b31052ad1cca4e291abcf2df3502e6bdb1bfd6db36798be3607b1f94d34478aa7ede7f7a990fec10',
    tag: 'b91e2947a33da8bee89b6794e647baf0fc835ff574aca3fc27c33be0db2aff98',
  },
]

test('aegis-128l: the vectors of the draft', () => {
  holdTo(aegis, '10010000000000000000000000000000', '10000200000000000000000000000000', DRAFT)
})

const PLAIN =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'
const HIDDEN =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad'
/** McGrew and Viega, The Galois/Counter Mode of Operation, test cases 15 and 16; the latter is four bytes shorter. */
const GCM: readonly Vector[] = [
  { extra: '', plain: PLAIN, hidden: HIDDEN, tag: 'b094dac5d93471bdec1a502270e3cc6c' },
  {
    extra: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plain: PLAIN.slice(0, 120),
    hidden: HIDDEN.slice(0, 120),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
]

test('aes-256-gcm: the vectors of its authors', () => {
  holdTo(evp, 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308', 'cafebabefacedbaddecaf888', GCM)
})

test('aegis-128l: its code stays where it is, also where nothing else in the process has loaded that file', async (scope) => {
  const folder = path.dirname(createRequire(import.meta.url).resolve('sodium-native/package.json'))
  const own = mkdtempSync(path.join(os.tmpdir(), 'baton-seal-'))
  scope.defer(() => rmSync(own, { recursive: true }))
  const copy = path.join(own, 'copy.node')
  copyFileSync(path.join(folder, 'prebuilds', `${process.platform}-${process.arch}`, 'sodium-native.node'), copy)
  const bound = bindAegis(copy)
  assert.not('why' in bound)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let i = 0; i < 5; i++) {
    collect()
    await setImmediate()
  }
  assert.ok(readFileSync('/proc/self/maps', 'utf8').includes(copy))
  assert.ok('why' in bound || isSound(bound))
})

test('a cipher that hides nothing, opens nothing, or minds no change is not sound', () => {
  if ('why' in evp) return
  const changed = (change: Partial<AeadContext>): Aead => ({
    ...evp,
    context: (direction) => ({ ...evp.context(direction), ...change }),
  })
  assert.ok(isSound(evp))
  assert.not(isSound(changed({ seal: (_nonce, _extra, plain, into) => into.set(plain) })))
  assert.not(isSound(changed({ open: () => false })))
  assert.not(
    isSound(
      changed({
        open: (_nonce, _extra, sealed, into) => {
          into.set([1, 2, 3, 4])
          return sealed.byteLength > 0
        },
      }),
    ),
  )
})

test('a cipher that takes no notice of its key, its nonce or what goes with it is not sound', () => {
  if ('why' in evp) return
  const nothing = { key: new Uint8Array(32), nonce: new Uint8Array(12), extra: new Uint8Array(1) }
  const without = (part: keyof typeof nothing): Aead => ({
    ...evp,
    context: (direction) => {
      const { setKey, seal, open, free } = evp.context(direction)
      const or = (name: keyof typeof nothing, given: Uint8Array) => (name === part ? nothing[name] : given)
      return {
        setKey: (given) => setKey(or('key', given)),
        seal: (nonce, extra, plain, into) => seal(or('nonce', nonce), or('extra', extra), plain, into),
        open: (nonce, extra, sealed, into) => open(or('nonce', nonce), or('extra', extra), sealed, into),
        free,
      }
    },
  })
  for (const part of ['key', 'nonce', 'extra'] as const) assert.not(isSound(without(part)), part)
})

test.run()
