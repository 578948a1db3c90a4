import { isQuorate, Quorums } from '../../../src/node/programs/quorums.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/programs/quorums')

test('a band in which nothing changes', () => {
  const rules = { quorum: 4, quorumSlack: 1 }
  const quorums = new Quorums(() => true, { now: () => 0 })
  const seen = [4, 3, 2, 3, 4, 5, 4, 3, 2].map((able) => quorums.look('web', rules, able))
  assert.is(seen.map(({ quorate }) => (quorate ? 'y' : 'n')).join(''), 'yynnnyyyn')
  assert.is(seen.map(({ tells }) => (tells ? '!' : '.')).join(''), '..!..!..!')
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
  const quorums = new Quorums(() => true, { now: () => 0 })
  assert.equal(quorums.look('web', { quorum: 0, quorumSlack: 0 }, 0), { quorate: true, tells: false })
  quorums.look('web', { quorum: 2, quorumSlack: 0 }, 0)
  assert.is(quorums.of('web'), false)
  quorums.forget('web')
  assert.is(quorums.of('web'), true)
})

test('the director tells, and whoever follows it what nobody may have told: once, and not for ever', () => {
  let [now, isDirector] = [0, false]
  const quorums = new Quorums(() => isDirector, { now: () => now })
  const rules = { quorum: 2, quorumSlack: 0 }
  const tells = (able: number) => quorums.look('web', rules, able).tells
  assert.equal([tells(3), tells(1)], [false, false], 'the director is gone, and its program')
  now = 5_000
  isDirector = true
  assert.equal([tells(1), tells(1)], [true, false], 'its successor says so')
  assert.is(tells(2), true)
  isDirector = false
  assert.is(tells(1), false)
  isDirector = true
  now += 30_001
  assert.is(tells(1), false, 'that was told by another long ago')
  const late = new Quorums(() => true, { now: () => now })
  assert.is(late.look('web', rules, 0).tells, false, 'at the first look nothing has changed')
})

test.run()
