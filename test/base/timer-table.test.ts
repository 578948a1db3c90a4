import { TimerTable } from '../../src/base/timer-table.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/timer-table')

test('an empty table sleeps', () => {
  const timers = new TimerTable<string>()
  assert.is(timers.next(), undefined)
  assert.equal(timers.expire(1_000_000), [])
})

test('next is the earliest deadline', () => {
  const timers = new TimerTable<string>()
  timers.set('late', 30)
  timers.set('early', 10)
  timers.set('middle', 20)
  assert.is(timers.next(), 10)
  timers.stop('early')
  assert.is(timers.next(), 20)
})

test('setting again replaces', () => {
  const timers = new TimerTable<string>()
  timers.set('probe', 10)
  timers.set('probe', 50)
  assert.is(timers.get('probe'), 50)
  assert.equal(timers.expire(49), [])
})

test('what is due comes out once, earliest first, at its very millisecond', () => {
  const timers = new TimerTable<string>()
  timers.set('c', 30)
  timers.set('b', 20)
  timers.set('a', 10)
  assert.equal(timers.expire(9.999), [])
  assert.equal(timers.expire(20), ['a', 'b'])
  assert.equal(timers.expire(20), [])
  assert.is(timers.next(), 30)
})

test('equal deadlines come out in the order in which they were set', () => {
  const timers = new TimerTable<number>()
  for (const name of [3, 1, 2]) timers.set(name, 5)
  assert.equal(timers.expire(5), [3, 1, 2])
})

test('zero is a deadline', () => {
  const timers = new TimerTable<string>()
  timers.set('now', 0)
  assert.is(timers.next(), 0)
  assert.equal(timers.expire(0), ['now'])
})

test.run()
