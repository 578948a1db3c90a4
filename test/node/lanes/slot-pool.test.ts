import { SlotPool } from '../../../src/node/lanes/slot-pool.js'
import { LEASE_SLOTS_MAX } from '../../../src/proxy/lease-slots.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/lanes/slot-pool')

/** All that were never used are given away. */
function full(): SlotPool {
  const pool = new SlotPool()
  for (let slot = 0; slot < LEASE_SLOTS_MAX; slot++) assert.is(pool.take(), slot)
  assert.is(pool.take(), undefined)
  return pool
}

test('a slot is free when no lane looks at it any more for any of its services, and what is due then is done once', () => {
  const pool = full()
  let done = 0
  pool.ending(7)
  pool.ending(7)
  pool.giveBack(7, () => done++)
  assert.is(pool.take(), undefined)
  pool.released(7)
  assert.equal([pool.take(), done], [undefined, 0])
  pool.released(7)
  assert.equal([pool.take(), done], [7, 1])
  pool.released(7)
  assert.equal([pool.take(), done], [undefined, 1], 'it is another lease’s now')
})

test('a service that ends while its lease goes on frees nothing', () => {
  const pool = full()
  pool.ending(7)
  pool.released(7)
  assert.is(pool.take(), undefined)
  pool.giveBack(7)
  assert.is(pool.take(), 7)
})

test('the one that has been free for longest comes first', () => {
  const pool = full()
  for (const slot of [9, 3, 5]) pool.giveBack(slot)
  assert.equal([pool.take(), pool.take(), pool.take()], [9, 3, 5])
})

test.run()
