import { ByteWriter } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { decodeTenures, encodeTenures, type Tenure } from '../../src/hosting/tenure-rows.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('hosting/tenure-rows')
const ROWS: readonly Tenure[] = [
  { service: 'db', term: 7, state: 'active', stopMs: 13_000, words: '' },
  { service: 'mail', term: 2 ** 40, state: 'unknown', stopMs: 1, words: 'hängt' },
]

test('rows come back as they were said; without room some are left out', () => {
  assert.equal(decodeTenures(encodeTenures(ROWS, 60_000)), ROWS)
  assert.equal(decodeTenures(encodeTenures(ROWS, encodeTenures(ROWS, 60_000).byteLength - 1)), [ROWS[0]])
})

test('what a newer release appends is skipped, and so is a state that it made up', () => {
  const row = (state: number) => new ByteWriter().text('db').u64(7).u8(state).u32(5).text('x').u32(77).finish()
  const out = new ByteWriter().u16(2)
  for (const state of [99, 2]) out.u16(row(state).byteLength).put(row(state))
  assert.equal(decodeTenures(out.finish()), [{ service: 'db', term: 7, state: 'active', stopMs: 5, words: 'x' }])
})

test('cut anywhere, or random: nothing is said, and nothing thrown', () => {
  const bytes = encodeTenures(ROWS, 60_000)
  for (let length = 0; length < bytes.byteLength; length++)
    assert.is(decodeTenures(bytes.subarray(0, length)), undefined)
  const random = new Prng(5)
  for (let i = 0; i < 2_000; i++) decodeTenures(random.bytes(random.below(80)))
})

test.run()
