import { Prng } from '../../src/base/prng.js'
import { RiseFall } from '../../src/health/rise-fall.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('health/rise-fall')
const LIMITS = { rise: 2, fall: 3 }

function after(...checks: readonly boolean[]): string {
  const health = new RiseFall()
  for (const isGood of checks) health.record(isGood, LIMITS)
  return health.state
}

test('the first check decides about a new program', () => {
  assert.is(new RiseFall().state, 'starting')
  assert.is(after(true), 'healthy')
  assert.is(after(false), 'unhealthy')
})

test('it takes as many checks in a row as were asked for', () => {
  assert.is(after(true, false, false), 'healthy')
  assert.is(after(true, false, false, false), 'unhealthy')
  assert.is(after(true, false, false, true, false, false), 'healthy')
  assert.is(after(false, true), 'unhealthy')
  assert.is(after(false, true, true), 'healthy')
  assert.is(after(false, true, false, true), 'unhealthy')
})

test('whatever comes, the state is what the last checks in a row say', () => {
  const random = new Prng(7)
  for (let round = 0; round < 300; round++) {
    const limits = { rise: 1 + random.below(4), fall: 1 + random.below(4) }
    const health = new RiseFall()
    const seen: boolean[] = []
    let expected = 'starting'
    for (let i = 0; i < 60; i++) {
      const isGood = random.chance(0.5)
      seen.push(isGood)
      const before = expected
      // Said anew, from the whole history: the last n of one kind turn it.
      const needed = isGood ? limits.rise : limits.fall
      const isRun = seen.length >= needed && seen.slice(-needed).every((one) => one === isGood)
      if (i === 0 || isRun) expected = isGood ? 'healthy' : 'unhealthy'
      assert.is(health.record(isGood, limits), expected !== before)
      assert.is(health.state, expected)
    }
  }
})

test.run()
