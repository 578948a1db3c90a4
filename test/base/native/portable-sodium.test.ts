/** The WebAssembly libsodium against that of sodium-native: what one makes the other takes, byte for byte. */
import { createRequire } from 'node:module'
import { loadPortableSodium, type PortableSodium } from '../../../src/base/native/portable-sodium.io.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('base/native/portable-sodium', 10_000)
const native = createRequire(import.meta.url)('sodium-native') as PortableSodium
const portable = loadPortableSodium()
const BOTH_WAYS = [
  [native, portable],
  [portable, native],
] as const

const bytes = (length: number, value = length) => Uint8Array.from({ length }, (_, i) => (value + 31 * i) & 255)
/** What `act` fills, as both fill it. */
function same(length: number, act: (sodium: PortableSodium, into: Uint8Array) => unknown): void {
  const [ours, theirs] = [new Uint8Array(length), new Uint8Array(length)]
  const answers = [act(portable, ours), act(native, theirs)]
  assert.equal(ours, theirs)
  assert.ok(ours.some((byte) => byte !== 0))
  if (typeof answers[1] === 'number') assert.is(answers[0], answers[1])
}

test('has each constant of sodium-native that it names, with its value', () => {
  const names = Object.keys(portable).filter((name) => typeof portable[name as keyof PortableSodium] === 'number')
  assert.ok(names.length > 30)
  for (const name of names) assert.is(portable[name as 'crypto_sign_BYTES'], native[name as 'crypto_sign_BYTES'], name)
})

test('hashes, keys of seeds, points and signatures are the same', () => {
  for (const length of [0, 1, 64, 100_000]) same(32, (sodium, into) => sodium.crypto_generichash(into, bytes(length)))
  same(64, (sodium, into) => sodium.crypto_generichash(into, bytes(9), bytes(32)))
  same(32, (sodium, into) => sodium.crypto_generichash_batch(into, [bytes(9), bytes(3)], bytes(32)))
  same(64, (sodium, into) => sodium.crypto_hash_sha512(into, bytes(70)))
  for (const name of ['crypto_sign_seed_keypair', 'crypto_box_seed_keypair', 'crypto_kx_seed_keypair'] as const) {
    const secretBytes = name === 'crypto_sign_seed_keypair' ? 64 : 32
    same(32, (sodium, into) => sodium[name](into, new Uint8Array(secretBytes), bytes(32)))
    same(secretBytes, (sodium, into) => sodium[name](new Uint8Array(32), into, bytes(32)))
  }
  const [publicKey, secretKey] = [new Uint8Array(32), new Uint8Array(64)]
  native.crypto_sign_seed_keypair(publicKey, secretKey, bytes(32))
  same(64, (sodium, into) => sodium.crypto_sign_detached(into, bytes(10), secretKey))
  same(32, (sodium, into) => sodium.crypto_sign_ed25519_sk_to_pk(into, secretKey))
  const scalar = bytes(32).map((byte, i) => (i === 31 ? 0x10 : byte))
  same(32, (sodium, into) => sodium.crypto_scalarmult_ed25519_noclamp(into, scalar, publicKey))
  same(32, (sodium, into) => sodium.crypto_scalarmult_ed25519(into, scalar, publicKey))
  same(32, (sodium, into) => sodium.crypto_scalarmult_base(into, scalar))
  same(32, (sodium, into) => sodium.crypto_scalarmult(into, scalar, bytes(32)))
  same(9, (sodium, into) => {
    into.fill(255, 0, 3)
    sodium.sodium_increment(into)
  })
  const signature = new Uint8Array(64)
  portable.crypto_sign_detached(signature, bytes(10), secretKey)
  assert.ok(portable.crypto_sign_verify_detached(signature, bytes(10), publicKey))
  assert.not(portable.crypto_sign_verify_detached(signature, bytes(11), publicKey))
})

test('boxes: with a nonce the same, without one opened by the other', () => {
  const [nonce, key] = [bytes(24), bytes(32)]
  same(26, (sodium, into) => sodium.crypto_secretbox_easy(into, bytes(10), nonce, key))
  const name = 'crypto_aead_chacha20poly1305_ietf_encrypt'
  same(26, (sodium, into) => sodium[name](into, bytes(10), bytes(4), null, bytes(12), key))
  same(16, (sodium, into) => sodium[name](into, new Uint8Array(0), null, null, bytes(12), key))
  const [publicKey, secretKey] = [new Uint8Array(32), new Uint8Array(32)]
  for (const [maker, opener] of BOTH_WAYS) {
    const opened = new Uint8Array(10)
    const sealed = new Uint8Array(26)
    maker.crypto_secretbox_easy(sealed, bytes(10), nonce, key)
    assert.ok(opener.crypto_secretbox_open_easy(opened, sealed, nonce, key))
    assert.equal(opened, bytes(10))
    assert.not(opener.crypto_secretbox_open_easy(opened, sealed, nonce, bytes(32, 1)))
    maker[name](sealed, bytes(10), bytes(4), null, bytes(12), key)
    opener.crypto_aead_chacha20poly1305_ietf_decrypt(opened.fill(0), null, sealed, bytes(4), bytes(12), key)
    assert.equal(opened, bytes(10))
    const open = opener.crypto_aead_chacha20poly1305_ietf_decrypt
    assert.throws(() => open(opened, null, sealed, bytes(5), bytes(12), key))
    maker.crypto_box_keypair(publicKey, secretKey)
    const letter = new Uint8Array(10 + maker.crypto_box_SEALBYTES)
    maker.crypto_box_seal(letter, bytes(10), publicKey)
    assert.ok(opener.crypto_box_seal_open(opened.fill(0), letter, publicKey, secretKey))
    assert.equal(opened, bytes(10))
  }
})

test('a secretstream that one seals the other opens, also where both take turns on one state', () => {
  for (const [maker, opener] of BOTH_WAYS) {
    const [sealing, opening] = [52, 52].map((length) => new Uint8Array(length)) as [Uint8Array, Uint8Array]
    const header = new Uint8Array(24)
    const key = bytes(32)
    maker.crypto_secretstream_xchacha20poly1305_init_push(sealing, header, key)
    opener.crypto_secretstream_xchacha20poly1305_init_pull(opening, header, key)
    for (const [i, length] of [0, 1, 5_000, 70_000, 3].entries()) {
      const tag = i === 2 ? maker.crypto_secretstream_xchacha20poly1305_TAG_REKEY : 0
      const [sealed, opened, found] = [new Uint8Array(length + 17), new Uint8Array(length), new Uint8Array(1)]
      const sealer = i % 2 === 0 ? maker : opener
      sealer.crypto_secretstream_xchacha20poly1305_push(sealing, sealed, bytes(length), null, tag)
      opener.crypto_secretstream_xchacha20poly1305_pull(opening, opened, found, sealed, null)
      assert.equal(opened, bytes(length))
      assert.is(found[0], tag)
      const before = opening.slice()
      const pull = opener.crypto_secretstream_xchacha20poly1305_pull
      assert.throws(() => pull(opening, opened, found, sealed, null), 'it was opened before')
      assert.equal(opening, before)
    }
  }
})

test('random is random, and equal is equal', () => {
  const [a, b] = [new Uint8Array(32), new Uint8Array(32)]
  portable.randombytes_buf(a)
  assert.not(portable.sodium_memcmp(a, b))
  b.set(a)
  assert.ok(portable.sodium_memcmp(a, b))
  const [first, second] = [0, 1].map(() => {
    const publicKey = new Uint8Array(32)
    portable.crypto_sign_keypair(publicKey, new Uint8Array(64))
    return publicKey
  })
  assert.not.equal(first, second)
})

test.run()
