import { isoOf } from '../../src/base/wall-time.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/wall-time')

test('as the language itself writes a time, across seconds and back', () => {
  for (const wall of [0, 7, 999, 1_000, 1_769_860_799_999, 1_769_860_800_000.9, 1_769_860_799_001, 5, -1]) {
    assert.is(isoOf(wall), new Date(Math.floor(wall)).toISOString())
  }
})

test.run()
