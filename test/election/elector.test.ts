import { Prng } from '../../src/base/prng.js'
import { electionConfig } from '../../src/election/config.js'
import { Elector } from '../../src/election/elector.js'
import { FLAG_DIES_WITH_PROCESS } from '../../src/election/messages.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('election/elector')

const CONFIG = electionConfig('lan')
const SELF = 'aa'
const OTHER = 'bb'

/** One that has just stood for term 1, and may at once. */
function standing(): Elector {
  const elector = new Elector('web', SELF, CONFIG, new Prng(1), false, 0)
  assert.ok(elector.stand(0, 0, CONFIG.renewEveryMs))
  assert.equal(elector.wanted, { number: 1, holder: SELF })
  return elector
}

test('a number that another directs in is not asked for again when that director ends', () => {
  const elector = standing()
  elector.heardHolder({ number: 1, holder: OTHER }, FLAG_DIES_WITH_PROCESS, CONFIG.leaseMs, 300)
  elector.bury(OTHER, 400)
  assert.ok(elector.stand(0, 1, 400))
  assert.is(elector.wanted?.number, 2)
})

test('nor one that another candidate has asked for', () => {
  const elector = standing()
  elector.heardCandidate(OTHER, 1, 300)
  elector.expire(300 + CONFIG.leaseMs)
  assert.ok(elector.stand(0, 1, 300 + 2 * CONFIG.leaseMs))
  assert.is(elector.wanted?.number, 2)
})

test('the number of a candidacy that led nowhere is asked for again', () => {
  const elector = standing()
  elector.expire(300 + CONFIG.leaseMs)
  assert.ok(elector.stand(0, 1, 300 + 2 * CONFIG.leaseMs))
  assert.is(elector.wanted?.number, 1)
})

test.run()
