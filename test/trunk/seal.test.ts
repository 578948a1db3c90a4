import { Prng } from '../../src/base/prng.js'
import type { Opener, Sealer } from '../../src/trunk/ports.js'
import { RECORD_PLAINTEXT_BYTES_MAX, SEAL_OVERHEAD_BYTES } from '../../src/trunk/record.js'
import { sodiumSeals } from '../../src/trunk/seal.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/seal')
const key = new Uint8Array(32).fill(4)

function pair(openKey = key): { sealer: Sealer; opener: Opener } {
  const { sealer, header } = sodiumSeals.sealer(key)
  return { sealer, opener: sodiumSeals.opener(openKey, header) }
}

function seal(sealer: Sealer, content: Uint8Array): Uint8Array {
  const into = new Uint8Array(content.byteLength + sealer.overheadBytes)
  assert.is(sealer.seal(content, into), into.byteLength)
  return into
}

function open(opener: Opener, sealed: Uint8Array): Uint8Array | undefined {
  const into = new Uint8Array(RECORD_PLAINTEXT_BYTES_MAX)
  const length = opener.open(sealed, into)
  return length === undefined ? undefined : into.slice(0, length)
}

test('what is sealed is opened, in order, whatever its length', () => {
  const random = new Prng(1)
  const { sealer, opener } = pair()
  assert.is(sealer.overheadBytes, SEAL_OVERHEAD_BYTES)
  for (const length of [0, 1, 64, 65, 4_096, RECORD_PLAINTEXT_BYTES_MAX]) {
    const content = random.bytes(length)
    assert.equal(open(opener, seal(sealer, content)), content)
  }
})

test('it is written where the caller says, and nothing beyond', () => {
  const { sealer, opener } = pair()
  const buffer = new Uint8Array(40).fill(0xaa)
  const length = sealer.seal(Uint8Array.of(1, 2, 3), buffer.subarray(4))
  assert.ok(buffer.subarray(0, 4).every((byte) => byte === 0xaa))
  assert.ok(buffer.subarray(4 + length).every((byte) => byte === 0xaa))
  assert.equal(open(opener, buffer.subarray(4, 4 + length)), Uint8Array.of(1, 2, 3))
})

test('a changed, left out, doubled or swapped record is not opened', () => {
  const records = (): [Opener, Uint8Array, Uint8Array] => {
    const { sealer, opener } = pair()
    return [opener, seal(sealer, Uint8Array.of(1)), seal(sealer, Uint8Array.of(2))]
  }
  for (let at = 0; at < SEAL_OVERHEAD_BYTES + 1; at++) {
    const [opener, first] = records()
    first[at] = (first[at] as number) ^ 1
    assert.is(open(opener, first), undefined, `byte ${at}`)
  }
  const [skipping, , second] = records()
  assert.is(open(skipping, second), undefined)
  const [doubling, first] = records()
  open(doubling, first)
  assert.is(open(doubling, first), undefined)
})

test('another key opens nothing', () => {
  const { sealer, opener } = pair(new Uint8Array(32).fill(5))
  assert.is(open(opener, seal(sealer, Uint8Array.of(1))), undefined)
})

test('the key is changed under way, and the opener follows', () => {
  const { sealer, opener } = pair()
  for (let i = 0; i < 6; i++) {
    if (i % 2 === 1) sealer.rekey()
    assert.equal(open(opener, seal(sealer, Uint8Array.of(i))), Uint8Array.of(i))
  }
})

test('an opener takes any bytes without an exception', () => {
  const random = new Prng(2)
  const { opener } = pair()
  for (let round = 0; round < 300; round++) {
    assert.is(opener.open(random.bytes(random.below(100)), new Uint8Array(random.below(100))), undefined)
  }
})

test.run()
