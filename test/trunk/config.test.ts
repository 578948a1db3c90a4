import { checkTrunkConfig, trunkConfig } from '../../src/trunk/config.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/config')

test('the defaults have no problem', () => assert.equal(checkTrunkConfig(trunkConfig()), []))

test('all problems are told at once, with both numbers', () => {
  const problems = checkTrunkConfig(trunkConfig({ silenceMs: 100, dialMaxMs: 1, greetMs: 0, unprovenMax: 1.5 }))
  assert.is(problems.length, 4)
  assert.ok(problems.includes('silenceMs (100) must be at least 3 × heartbeatMs (1000)'))
})

test.run()
