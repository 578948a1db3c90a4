import { isQuorate, Quorums } from '../../src/node/quorums.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/quorums')

test('a band in which nothing changes', () => {
  const rules = { quorum: 4, quorumSlack: 1 }
  const quorums = new Quorums()
  const seen = [4, 3, 2, 3, 4, 5, 4, 3, 2].map((able) => quorums.look('web', rules, able))
  assert.is(seen.map(({ quorate }) => (quorate ? 'y' : 'n')).join(''), 'yynnnyyyn')
  assert.is(seen.map(({ changed }) => (changed ? '!' : '.')).join(''), '..!..!..!')
})

test('without slack the bare number decides, and so it does at the first look', () => {
  const rules = { quorum: 2, quorumSlack: 0 }
  assert.equal(
    [1, 2].map((able) => isQuorate(rules, able, true)),
    [false, true],
  )
  assert.equal(
    [1, 2].map((able) => isQuorate(rules, able, false)),
    [false, true],
  )
  assert.is(isQuorate({ quorum: 4, quorumSlack: 2 }, 4, undefined), true)
})

test('who wants no number always has it; what is forgotten begins anew', () => {
  const quorums = new Quorums()
  assert.equal(quorums.look('web', { quorum: 0, quorumSlack: 0 }, 0), { quorate: true, changed: false })
  quorums.look('web', { quorum: 2, quorumSlack: 0 }, 0)
  assert.is(quorums.of('web'), false)
  quorums.forget('web')
  assert.is(quorums.of('web'), true)
})

test.run()
