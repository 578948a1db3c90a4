import { Passive } from '../../src/health/passive.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('health/passive')
const LIMITS = { limit: 4, decayMs: 1_000 }

test('failures that come together take a node out; the same number over a long time does not', () => {
  const passive = new Passive()
  assert.not(passive.failed('a', 3, LIMITS, 0))
  assert.ok(passive.failed('a', 1, LIMITS, 1))
  assert.ok(passive.isOut('a'))
  for (let i = 0; i < 20; i++) assert.not(passive.failed('b', 1, LIMITS, i * 1_000))
  assert.not(passive.isOut('b'))
})

test('it is back when half of the limit has faded, at the instant that was foretold', () => {
  const passive = new Passive()
  passive.failed('a', 4, LIMITS, 100)
  assert.is(passive.nextDeadline(), 1_100)
  assert.equal(passive.tick(1_099), [])
  assert.equal(passive.tick(1_100), ['a'])
  assert.not(passive.isOut('a'))
  assert.is(passive.nextDeadline(), undefined)
})

test('a flood keeps it out for some halvings, not for an hour', () => {
  const passive = new Passive()
  passive.failed('a', 1_000_000, LIMITS, 0)
  assert.is(passive.nextDeadline(), 3_000)
  passive.failed('a', 1_000_000, LIMITS, 2_000)
  assert.is(passive.nextDeadline(), 5_000)
})

test('set otherwise meanwhile, it fades from now on as it is set', () => {
  const passive = new Passive()
  passive.failed('a', 4, { ...LIMITS, decayMs: 60_000 }, 0)
  assert.is(passive.nextDeadline(), 60_000)
  passive.follow('a', LIMITS, 0)
  assert.is(passive.nextDeadline(), 1_000)
  passive.follow('a', LIMITS, 900)
  assert.is(passive.nextDeadline(), 1_000, 'the same again changes nothing')
  passive.follow('b', LIMITS, 900)
  assert.equal(passive.tick(1_000), ['a'])
})

test('what has faded is forgotten', () => {
  const passive = new Passive()
  for (let i = 0; i < 4_096; i++) passive.failed(`n${i}`, 1, LIMITS, 0)
  assert.not(passive.failed('one more', 100, LIMITS, 0))
  passive.tick(60_000)
  assert.ok(passive.failed('one more', 100, LIMITS, 60_000))
})

test.run()
