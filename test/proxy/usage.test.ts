import { Usage, UsageCells } from '../../src/proxy/usage.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/usage')

function lanes(count: number) {
  const memory = UsageCells.bytes(count)
  const begin = (lane: number) => new Usage(new UsageCells(memory, lane, count))
  return { memory, begin, all: Array.from({ length: count }, (_, lane) => begin(lane)) }
}

test('each lane sees what all have', () => {
  const { all } = lanes(3)
  for (const usage of all) usage.follow([['b', 7]])
  for (const [i, usage] of all.entries()) for (let n = 0; n <= i; n++) usage.add('b', 1)
  assert.equal(
    all.map((usage) => [usage.own('b'), usage.of('b')]),
    [
      [1, 6],
      [2, 6],
      [3, 6],
    ],
  )
})

test('connections from before a cell was known are told with it', () => {
  const [one, other] = lanes(2).all as [Usage, Usage]
  one.add('b', 1)
  assert.is(other.of('b'), 0)
  for (const usage of [one, other]) usage.follow([['b', 0]])
  assert.is(other.of('b'), 1)
})

test('the limit is that of all lanes together', () => {
  const { all } = lanes(4)
  for (const usage of all) usage.follow([['b', 1]])
  let taken = 0
  for (let i = 0; i < 40; i++) if (all[i % 4]?.take('b', 10) === true) taken++
  assert.equal([taken, all[0]?.of('b')], [10, 10])
  all[3]?.add('b', -1)
  assert.equal([all[0]?.take('b', 10), all[1]?.take('b', 10)], [true, false])
  assert.ok(all[1]?.take('b', 0), 'no limit')
})

test('what a lane that died has left is gone when its heir begins', () => {
  const { all, begin } = lanes(2)
  for (const usage of all) usage.follow([['b', 3]])
  all[1]?.add('b', 1)
  assert.is(all[0]?.of('b'), 1)
  const heir = begin(1)
  assert.is(all[0]?.of('b'), 0, 'before it knows any cell')
  heir.follow([['b', 3]])
  assert.equal([all[0]?.of('b'), heir.of('b')], [0, 0])
})

test('more ends than there were are a bug, and said so', () => {
  assert.throws(() => new Usage().add('b', -1), /no more connections end/)
})

test.run()
