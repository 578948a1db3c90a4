import { formatSpan } from '../../src/base/time.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/time')

test('spans have two units at most', () => {
  const rows: [number, string][] = [
    [0, '0ms'],
    [1, '1ms'],
    [999.4, '999ms'],
    [1_000, '1s'],
    [59_999, '59s'],
    [60_000, '1m 0s'],
    [90_500, '1m 30s'],
    [3_599_999, '59m 59s'],
    [3_600_000, '1h 0m'],
    [47 * 3_600_000 + 59 * 60_000, '47h 59m'],
    [48 * 3_600_000, '2d 0h'],
    [365 * 86_400_000, '365d 0h'],
  ]
  for (const [span, expected] of rows) assert.is(formatSpan(span), expected, `${span} ms`)
})

test('just below a second is not a thousand milliseconds', () => {
  assert.is(formatSpan(999.6), '999ms')
})

test.run()
