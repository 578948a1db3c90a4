import { advance, distance, isBefore } from '../../src/handoff/sequence.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/sequence')
const LAST = 2 ** 32 - 1

test('numbers go round the circle', () => {
  for (const [seq, bytes, expected] of [
    [0, 0, 0],
    [10, 5, 15],
    [LAST, 1, 0],
    [LAST, 2 ** 33 + 3, 2],
    [0, -1, LAST],
    [5, 2 ** 45, 5],
  ] as const) {
    assert.is(advance(seq, bytes), expected)
  }
})

test('what lies ahead is told from what lies behind, also across the end of the circle', () => {
  for (const [from, to, expected] of [
    [0, 0, 0],
    [1, 5, 4],
    [5, 1, -4],
    [LAST, 0, 1],
    [0, LAST, -1],
    [LAST - 9, 10, 20],
    [0, 2 ** 31 - 1, 2 ** 31 - 1],
    [0, 2 ** 31, -(2 ** 31)],
  ] as const) {
    assert.is(distance(from, to), expected)
    assert.is(isBefore(from, to), expected > 0)
  }
})

test.run()
