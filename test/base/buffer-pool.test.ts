import { BufferPool } from '../../src/base/buffer-pool.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/buffer-pool')

test('what was given back is taken again, and no more than so many are kept', () => {
  const pool = new BufferPool(8, 2)
  const taken = [pool.take(), pool.take(), pool.take()]
  assert.equal(
    taken.map((buffer) => buffer.byteLength),
    [8, 8, 8],
  )
  assert.is(new Set(taken).size, 3)
  for (const buffer of taken) pool.give(buffer)
  const again = [pool.take(), pool.take(), pool.take()]
  assert.is(again.filter((buffer) => taken.includes(buffer)).length, 2)
})

test.run()
