import { BroadcastQueue, retransmitLimit } from '../../src/gossip/broadcast-queue.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId } from './profiles.js'

const test = suite('gossip/broadcast-queue')
const message = (tag: number, bytes = 10): Uint8Array => new Uint8Array(bytes).fill(tag)
const tags = (messages: readonly Uint8Array[]): number[] => messages.map(([tag]) => tag ?? -1)

test('the retransmit limit grows with the logarithm of the cluster', () => {
  const rows: [members: number, limit: number][] = [
    [1, 4],
    [9, 4],
    [10, 8],
    [64, 8],
    [99, 8],
    [100, 12],
    [1_000, 16],
  ]
  for (const [members, limit] of rows) assert.is(retransmitLimit(4, members), limit, `${members} members`)
})

test('a claim is sent as often as the limit says, then forgotten', () => {
  const queue = new BroadcastQueue(10)
  queue.push(nodeId(0), message(1))
  for (let i = 0; i < 3; i++) assert.equal(tags(queue.take(100, 3)), [1])
  assert.equal(queue.take(100, 3), [])
  assert.is(queue.length, 0)
})

test('the newest claim about a member replaces the older and starts over', () => {
  const queue = new BroadcastQueue(10)
  queue.push(nodeId(0), message(1))
  queue.take(100, 2)
  queue.push(nodeId(0), message(2))
  assert.is(queue.length, 1)
  assert.equal(tags(queue.take(100, 2)), [2])
  assert.equal(tags(queue.take(100, 2)), [2])
  assert.equal(queue.take(100, 2), [])
})

test('the least sent go first, and only what fits', () => {
  const queue = new BroadcastQueue(10)
  queue.push(nodeId(0), message(1))
  queue.take(100, 9)
  queue.push(nodeId(1), message(2))
  queue.push(nodeId(2), message(3, 50))
  assert.equal(tags(queue.take(25, 9)), [2, 1])
  assert.equal(tags(queue.take(50, 9)), [3])
  assert.equal(queue.take(9, 9), [])
})

test('when full, the one that was sent most gives way', () => {
  const queue = new BroadcastQueue(2)
  queue.push(nodeId(0), message(1))
  queue.take(100, 9)
  queue.push(nodeId(1), message(2))
  queue.push(nodeId(2), message(3))
  assert.is(queue.length, 2)
  assert.equal(tags(queue.take(100, 9)).sort(), [2, 3])
})

test.run()
