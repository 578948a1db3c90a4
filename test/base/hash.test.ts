import { utf8 } from '../../src/base/bytes.js'
import { hash32 } from '../../src/base/hash.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/hash')

test('a text and its bytes have one hash, an unsigned 32-bit integer', () => {
  for (const text of ['', 'a', 'grüße', 'x'.repeat(1_000)]) {
    const hash = hash32(text)
    assert.is(hash32(utf8(text)), hash)
    assert.ok(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32)
  }
})

test('it is the same in every release', () => {
  // Recorded: files on disk, key texts and the choice of directors depend on them.
  assert.equal(['', 'a', 'baton'].map(hash32), [2872998923, 444641715, 1989189439])
})

test('one changed bit changes half of the others', () => {
  let changed = 0
  const rounds = 2_000
  for (let i = 0; i < rounds; i++) {
    let difference = hash32(`node-${i}`) ^ hash32(`node-${i ^ 1}`)
    for (; difference !== 0; difference &= difference - 1) changed++
  }
  const mean = changed / rounds
  assert.ok(mean > 15 && mean < 17, `${mean} of 32 bits`)
})

test('names that differ little spread evenly', () => {
  const counts = new Array<number>(4).fill(0)
  for (let i = 0; i < 4_000; i++) {
    const bucket = hash32(`web-${i}`) % 4
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  for (const count of counts) assert.ok(Math.abs(count - 1_000) < 140, counts.join(' '))
})

test.run()
