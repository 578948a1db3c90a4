import { HeldClock } from '../../src/base/clock.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/clock')

test('a held clock stands still until it is released or held anew', () => {
  let now = 1
  const clock = new HeldClock({ now: () => now, wall: () => 7 })
  assert.is(clock.now(), 1)
  now = 2
  assert.is(clock.now(), 2, 'nobody holds it')
  clock.hold()
  now = 3
  assert.is(clock.now(), 3, 'from the first question on')
  now = 4
  assert.is(clock.now(), 3)
  clock.hold()
  assert.is(clock.now(), 4)
  now = 5
  clock.release()
  assert.is(clock.now(), 5)
  assert.is(clock.wall(), 7)
})

test.run()
