import { backoffDelay } from '../../src/base/backoff.js'
import { Prng } from '../../src/base/prng.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/backoff')
const LIMITS = { firstMs: 100, maxMs: 5_000 }

test('every delay lies between half its ceiling and its ceiling', () => {
  const random = new Prng(31)
  for (let attempt = 0; attempt < 12; attempt++) {
    const ceiling = Math.min(5_000, 100 * 2 ** attempt)
    for (let i = 0; i < 200; i++) {
      const delay = backoffDelay(attempt, LIMITS, random)
      assert.ok(delay >= ceiling / 2 && delay < ceiling, `attempt ${attempt}: ${delay} of ${ceiling}`)
    }
  }
})

test('no number of attempts leads beyond the limit', () => {
  for (const attempt of [30, 31, 1_000, Number.MAX_SAFE_INTEGER]) {
    const delay = backoffDelay(attempt, LIMITS, new Prng(32))
    assert.ok(delay >= 2_500 && delay < 5_000)
  }
})

test('two peers that failed together do not come back together', () => {
  assert.is.not(backoffDelay(3, LIMITS, new Prng(1)), backoffDelay(3, LIMITS, new Prng(2)))
})

test.run()
