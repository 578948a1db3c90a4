import { Registry } from '../../../src/gossip/registry.js'
import type { RegistryWrite } from '../../../src/gossip/sync.js'
import { KeyRing, RING_KEYS_MAX, RING_LIMITS } from '../../../src/node/keys/key-ring.js'
import { decodeKeyWord, encodeKeyWord } from '../../../src/node/keys/key-word.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B } from '../sample.js'

const test = suite('node/keys/key-ring')
const DAY_MS = 24 * 3_600_000
const key = (byte: number) => new Uint8Array(32).fill(byte)
const idOf = (one: Uint8Array) => `${one[0]}`.repeat(4)
const ids = (ring: KeyRing) => ring.keys.map(({ id }) => id[0]).join('')

function ringOf(node: string, ...given: number[]): KeyRing {
  return new KeyRing(new Registry(node, RING_LIMITS), idOf, given.map(key))
}

function write(ring: KeyRing, writes: readonly RegistryWrite[], wall: number): void {
  for (const { name, changes } of writes) {
    if (changes === undefined) ring.registry.remove(name, wall)
    else ring.registry.write(name, changes, wall)
  }
  ring.follow()
}

function meet(a: KeyRing, b: KeyRing, wall: number): void {
  const [ofA, ofB] = [a.registry.state(), b.registry.state()]
  a.registry.merge(ofB, wall)
  b.registry.merge(ofA, wall)
  for (const ring of [a, b]) {
    ring.follow()
    ring.caughtUp()
  }
}

test('what the file holds is the ring from the beginning, the same on all nodes that were given it', () => {
  const [a, b] = [ringOf(A, 1, 2), ringOf(B, 1, 2)]
  assert.is(ids(a), '12')
  assert.is(a.registry.fingerprint(), b.registry.fingerprint())
  assert.equal(a.keys[0], { id: '1111', key: key(1), addedAtMs: 0, addedBy: '' })
})

test('added, used and removed on one node, it is so on the other', () => {
  const [a, b] = [ringOf(A, 1), ringOf(B, 1)]
  write(a, a.added(key(2), 1_000, 'n1'), 1_000)
  assert.is(ids(a), '12')
  meet(a, b, 1_000)
  assert.equal([ids(b), b.keys[1]?.addedBy], ['12', 'n1'])
  write(b, b.used('2222'), 1_001)
  assert.is(ids(b), '21')
  meet(a, b, 1_001)
  assert.is(ids(a), '21')
  write(a, a.removed('1111'), 1_002)
  meet(a, b, 1_002)
  assert.equal([ids(a), ids(b)], ['2', '2'])
})

test('two rotations at once end in one ring, whoever looks', () => {
  const [a, b] = [ringOf(A, 1), ringOf(B, 1)]
  write(a, [...a.added(key(2), 1_000, 'n1'), ...a.used('2222'), ...a.removed('1111')], 1_000)
  write(b, [...b.added(key(3), 1_000, 'n2'), ...b.used('3333')], 1_000)
  meet(a, b, 1_001)
  assert.is(ids(a), ids(b))
  assert.is(ids(a), '32', 'of two at the same instant the one of the higher id')
})

test('a key that was removed does not come back with whoever still has it, be it years later', () => {
  const [a, b] = [ringOf(A, 1), ringOf(B, 1)]
  write(a, [...a.added(key(2), 1_000, 'n1'), ...a.used('2222'), ...a.removed('1111')], 1_000)
  const wall = 1_000 + 3_000 * DAY_MS
  a.registry.expire(wall)
  meet(a, b, wall)
  assert.equal([ids(a), ids(b)], ['2', '2'])
})

test('a key that came and went under a wrong clock stays removed; ten thousand rotations are possible', () => {
  const [a, b] = [ringOf(A, 1), ringOf(B, 1)]
  const wall = 1.79e12
  // The host's clock says 1970; B has seen the key, and misses its removal.
  write(a, a.added(key(2), 5, 'n1'), 5)
  meet(a, b, wall)
  write(a, a.removed('2222'), 6)
  a.registry.expire(wall)
  a.registry.expire(2.2e12)
  meet(a, b, wall)
  assert.equal([ids(a), ids(b)], ['1', '1'])
  for (let i = 0; i < 10_000; i++) {
    const name = `key/f${i}`
    assert.equal(a.registry.check(name, { key: 'x' }), [])
    a.registry.write(name, { key: 'x' }, wall)
    a.registry.remove(name, wall)
  }
  assert.ok(a.registry.state().length <= RING_LIMITS.entriesMax)
})

test('what an operator puts first into the file is used until the others are known, and not longer', () => {
  const [a, b] = [ringOf(A, 1), ringOf(B, 1)]
  write(a, [...a.added(key(2), 1_000, 'n1'), ...a.used('2222')], 1_000)
  meet(a, b, 1_000)
  // B was away; the others have gone on to 3 and removed the rest. An operator pastes 3.
  write(a, [...a.added(key(3), 2_000, 'n1'), ...a.used('3333'), ...a.removed('1111'), ...a.removed('2222')], 2_000)
  const kept = new Registry(B, RING_LIMITS)
  kept.merge(b.registry.state(), 2_000)
  const pasted = new KeyRing(kept, idOf, [3, 2, 1].map(key))
  assert.is(ids(pasted), '321')
  assert.is(pasted.primary?.id, '3333')
  meet(a, pasted, 2_001)
  assert.equal([ids(a), ids(pasted)], ['3', '3'])
  // A crash between the two files: the text says 2, the ring 3, and both are there.
  write(a, a.added(key(2), 3_000, 'n1'), 3_000)
  const torn = new KeyRing(a.registry, idOf, [2, 3].map(key))
  assert.is(torn.primary?.id, '2222')
  assert.ok(torn.caughtUp())
  assert.is(torn.primary?.id, '3333')
})

test('whoever has no key left keeps the last one; a key by another name is passed over; the ring is bounded', () => {
  const a = ringOf(A, 1)
  write(a, a.removed('1111'), 1_000)
  assert.is(ids(a), '1')
  a.registry.write('key/9999', { key: 'baton-key-1-nonsense' }, 2_000)
  a.registry.write('key/8888', { key: ringOf(B, 7).registry.get('key/7777')?.['key'] ?? '' }, 2_000)
  a.follow()
  assert.is(ids(a), '1')
  for (let byte = 2; byte < 20; byte++)
    a.registry.write(`key/${`${byte}`.repeat(4)}`, a.added(key(byte), 0, '')[0]?.changes ?? {}, byte)
  a.follow()
  assert.is(a.keys.length, RING_KEYS_MAX)
  assert.is(a.secrets.length, RING_KEYS_MAX)
})

test('a key is found by the beginning of its id', () => {
  const ring = new KeyRing(new Registry(A, RING_LIMITS), (one) => `ab${one[0]}`, [1, 2].map(key))
  const why = (text: string) => {
    const found = ring.find(text)
    return 'why' in found ? found.why : found.id
  }
  assert.is(why('AB1'), 'ab1')
  assert.match(why('ab'), 'ab1 or ab2')
  assert.match(why('c'), 'no key c')
})

test('a node’s word about its keys is total', () => {
  assert.equal(decodeKeyWord(encodeKeyWord({ held: ['a', 'b'], banned: [B] })), { held: ['a', 'b'], banned: [B] })
  const bytes = (text: string) => new TextEncoder().encode(text)
  for (const text of ['', 'x', '7', 'null', '{}', '{"held":7}', '{"held":[7,null]}']) {
    assert.equal(decodeKeyWord(bytes(text)), { held: [], banned: [] })
  }
  assert.is(decodeKeyWord(bytes(JSON.stringify({ held: Array(99).fill('a') }))).held.length, RING_KEYS_MAX)
})

test.run()
