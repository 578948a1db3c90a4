import { Prng } from '../../src/base/prng.js'
import { Retention } from '../../src/proxy/retention.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/retention', 20_000)

/** The stream that every test sends: its byte at an offset. */
const byteAt = (offset: number) => (offset ^ (offset >>> 8) ^ (offset >>> 16)) & 255
const stream = (from: number, length: number) => Uint8Array.from({ length }, (_, i) => byteAt(from + i))

/** How many bytes of the stream read back from `offset` on; `undefined`: they are not kept, or not those. */
function readFrom(kept: Retention, offset: number): number | undefined {
  let at = offset
  for (;;) {
    const piece = kept.peek(at)
    if (piece === undefined) return undefined
    if (piece.byteLength === 0) return at - offset
    for (const byte of piece) if (byte !== byteAt(at++)) return undefined
  }
}

test('whatever is appended and settled, the rest reads back whole, and memory is that of the rest', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Prng(seed)
    const pool = new RetentionPool()
    const kept = new Retention(pool)
    let end = 0
    let settled = 0
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.6)) {
        const bytes = stream(end, random.below(random.chance(0.1) ? 150_000 : 3_000))
        kept.append(bytes)
        end += bytes.byteLength
        bytes.fill(0)
      } else {
        settled = Math.min(end, settled + random.below(random.chance(0.2) ? 200_000 : 4_000))
        kept.settle(settled)
      }
      assert.is(kept.end, end)
      assert.is(kept.bytes, end - settled)
      const from = settled + random.below(end - settled + 1)
      assert.is(readFrom(kept, from), end - from, `seed ${seed}`)
      assert.is(kept.peek(settled - 1), undefined)
      assert.is(kept.peek(end + 1), undefined)
      assert.ok(pool.usedBytes <= kept.bytes + 3 * 65_536, `${pool.usedBytes} for ${kept.bytes}`)
    }
    kept.settle(end)
    assert.is(pool.usedBytes, 0, 'what is idle holds nothing')
  }
})

test('a small message takes a small piece, and none once it is settled', () => {
  const pool = new RetentionPool()
  const kept = new Retention(pool)
  for (let i = 1; i <= 1_000; i++) {
    kept.append(new Uint8Array(200))
    assert.is(pool.usedBytes, 4_096)
    kept.settle(i * 200)
    assert.is(pool.usedBytes, 0)
  }
})

test('when the lane’s memory is used up, a direction keeps nothing until what is on its way is settled', () => {
  const pool = new RetentionPool(2 * 65_536)
  const kept = new Retention(pool)
  kept.append(new Uint8Array(2 * 65_536).fill(7))
  assert.ok(kept.isWhole)
  kept.append(Uint8Array.of(1, 2, 3))
  assert.equal([kept.isWhole, kept.bytes, kept.end, pool.usedBytes], [false, 0, 131_075, 0])
  assert.is(kept.peek(131_072), undefined)
  kept.settle(131_074)
  assert.not(kept.isWhole)
  kept.append(Uint8Array.of(4))
  kept.settle(131_076)
  assert.ok(kept.isWhole)
  kept.append(stream(131_076, 9))
  assert.is(readFrom(kept, 131_076), 9)
})

test('one that is dropped gives back what it holds; pieces are used again', () => {
  const pool = new RetentionPool()
  const kept = new Retention(pool)
  kept.append(new Uint8Array(300_000))
  kept.clear()
  assert.equal([pool.usedBytes, kept.bytes, kept.end], [0, 0, 300_000])
  kept.append(new Uint8Array(10))
  assert.is(kept.bytes, 10)
})

test.run()
