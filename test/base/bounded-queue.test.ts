import { BoundedQueue } from '../../src/base/bounded-queue.js'
import { Prng } from '../../src/base/prng.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/bounded-queue')

test('full says no and loses nothing', () => {
  const queue = new BoundedQueue<string>(2)
  assert.ok(queue.push('a') && queue.push('b'))
  assert.not(queue.push('c'))
  assert.equal([queue.shift(), queue.shift(), queue.shift()], ['a', 'b', undefined])
})

test('a queue without room takes nothing', () => {
  const queue = new BoundedQueue<string>(0)
  assert.not(queue.push('a'))
  assert.is(queue.shift(), undefined)
})

test('it behaves as an array does, round the ring and round again', () => {
  const random = new Prng(21)
  const queue = new BoundedQueue<number>(5)
  const model: number[] = []
  for (let i = 0; i < 2_000; i++) {
    if (random.chance(0.5)) {
      const fits = model.length < 5
      assert.is(queue.push(i), fits)
      if (fits) model.push(i)
    } else assert.is(queue.shift(), model.shift())
    assert.is(queue.length, model.length)
  }
})

test.run()
