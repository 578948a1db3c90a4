import { BufferPool } from '../../src/base/buffer-pool.js'
import { Prng } from '../../src/base/prng.js'
import { WriteQueue } from '../../src/kernel/write-queue.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/write-queue')

class CountingPool extends BufferPool {
  out = 0

  override take(): Uint8Array {
    this.out++
    return super.take()
  }

  override give(block: Uint8Array): void {
    this.out--
    super.give(block)
  }
}

test('what goes in comes out, in whatever pieces, and holds no more blocks than it needs', () => {
  const pool = new CountingPool(16, 2)
  for (let seed = 0; seed < 200; seed++) {
    const random = new Prng(seed)
    const queue = new WriteQueue(pool)
    const [expected, actual]: [number[], number[]] = [[], []]
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.5)) {
        const chunk = random.bytes(random.below(50))
        const from = random.below(chunk.length + 1)
        queue.push(chunk, from)
        expected.push(...chunk.subarray(from))
      } else {
        const piece = queue.peek()
        const length = random.below(piece.length + 1)
        actual.push(...piece.subarray(0, length))
        queue.shift(length)
      }
      assert.is(queue.bytes, expected.length - actual.length)
      assert.ok(pool.out <= Math.ceil(queue.bytes / 16) + 1)
    }
    while (queue.bytes > 0) {
      const piece = queue.peek()
      assert.ok(piece.length > 0, `${queue.bytes} bytes, and none to see; seed ${seed}`)
      actual.push(...piece)
      queue.shift(piece.length)
    }
    assert.equal(actual, expected, `seed ${seed}`)
    assert.is(pool.out, 0, 'an empty queue holds no block')
  }
})

test('clear gives everything back, and the pool keeps only so many', () => {
  const pool = new CountingPool(16, 2)
  const queue = new WriteQueue(pool)
  queue.push(new Uint8Array(100), 0)
  assert.is(pool.out, 7)
  queue.clear()
  assert.equal([pool.out, queue.bytes, queue.peek().length], [0, 0, 0])
  const [a, b, c] = [pool.take(), pool.take(), pool.take()]
  for (const block of [a, b, c]) pool.give(block)
  const again = [pool.take(), pool.take(), pool.take()]
  assert.equal([again.includes(a), again.includes(b), again.includes(c)], [true, true, false])
})

test.run()
