import { ByteWriter } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { decodeHealth, encodeHealth, type HealthRow } from '../../src/health/health-rows.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('health/health-rows')
const A = 'a'.repeat(32)
const ROWS: readonly HealthRow[] = [
  { service: 'web', about: A, port: 80, state: 'unhealthy', words: 'answered 503' },
  { service: 'db', about: A, port: 0, state: 'healthy', words: 'größer' },
]

test('rows come back as they were said', () => {
  assert.equal(decodeHealth(encodeHealth(ROWS, 60_000)), ROWS)
  assert.equal(decodeHealth(encodeHealth([], 2)), [])
})

test('what finds no room is left out, the healthy first', () => {
  const both = encodeHealth(ROWS, 60_000).byteLength
  assert.equal(decodeHealth(encodeHealth([...ROWS].reverse(), both - 1)), [ROWS[0]])
})

test('what a newer release appends is skipped, and so is a state that it made up', () => {
  const row = (state: number) => new ByteWriter().text('web').hex(A).u16(80).u8(state).text('x').u32(77).finish()
  const out = new ByteWriter().u16(2)
  for (const state of [99, 1]) out.u16(row(state).byteLength).put(row(state))
  assert.equal(decodeHealth(out.finish()), [{ service: 'web', about: A, port: 80, state: 'healthy', words: 'x' }])
})

test('cut anywhere, or random: nothing is said, and nothing thrown', () => {
  const bytes = encodeHealth(ROWS, 60_000)
  for (let length = 0; length < bytes.byteLength; length++)
    assert.is(decodeHealth(bytes.subarray(0, length)), undefined)
  const random = new Prng(5)
  for (let i = 0; i < 2_000; i++) decodeHealth(random.bytes(random.below(80)))
})

test.run()
