import { utf8 } from '../../src/base/bytes.js'
import { ANTI_ENTROPY_MS } from '../../src/gossip/sync.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, seeds, WALL } from './knowledge.js'
import { SyncNetwork } from './sync-network.js'

const test = suite('gossip/sync')

function settled(size: number, seed = 1): SyncNetwork {
  const network = new SyncNetwork(size, seed)
  network.linkAll()
  network.run(100)
  for (const { effects } of network.nodes) effects.length = 0
  network.packetsSent = 0
  return network
}

test('a write and a removal are known to all linked nodes within 200 ms', () => {
  const network = settled(5)
  network.feed(0, { type: 'write', name: 'service/web', changes: { ports: '80' } })
  network.run(network.now + 200)
  for (const { registry } of network.nodes) assert.equal(registry.get('service/web'), { ports: '80' })
  network.feed(3, { type: 'remove', name: 'service/web' })
  network.run(network.now + 200)
  for (const { registry } of network.nodes) assert.is(registry.get('service/web'), undefined)
})

test('facts are known along a chain within 200 ms', () => {
  const network = new SyncNetwork(6, 1)
  for (let i = 1; i < 6; i++) network.link(i - 1, i)
  network.run(100)
  network.feed(0, { type: 'facts', bytes: utf8('listens on 80') })
  network.run(network.now + 200)
  for (const { facts, effects } of network.nodes) {
    assert.equal(facts.get(network.node(0).id)?.bytes, utf8('listens on 80'))
    assert.is(effects.filter(({ type }) => type === 'facts-changed').length, 1)
  }
})

test('a flood stops: each node tells all but the one it heard from, once', () => {
  const network = settled(6)
  network.feed(0, { type: 'write', name: 'service/web', changes: { ports: '80' } })
  network.run(network.now + 200)
  assert.is(network.packetsSent, 5 + 5 * 4)
})

test('a write is durable before anybody is told, and told before it is used', () => {
  const network = settled(3)
  network.feed(0, { type: 'write', name: 'service/web', changes: { ports: '80' } })
  assert.equal(
    network.node(0).effects.map(({ type }) => type),
    ['persist', 'send', 'send', 'changed'],
  )
  network.run(network.now + 200)
  assert.equal(
    network
      .node(1)
      .effects.filter(({ type }) => type !== 'send')
      .map(({ type }) => type),
    ['persist', 'changed'],
  )
})

test('a batch is one save and one message to each, whatever it holds', () => {
  const network = settled(3)
  network.feed(0, { type: 'write', name: 's/old', changes: { x: 1 } })
  network.run(network.now + 200)
  network.node(0).effects.length = 0
  const writes = [
    { name: 's/a', changes: { x: 1 } },
    { name: 's/b', changes: { x: 2 } },
    { name: 's/old', changes: undefined },
  ]
  network.feed(0, { type: 'batch', writes })
  const told = network.node(0).effects.map(({ type }) => type)
  assert.equal(told, ['persist', 'send', 'send', 'changed'])
  network.run(network.now + 200)
  for (const { registry } of network.nodes) {
    const names = registry.entries().map(([name]) => name)
    assert.equal(names, ['s/a', 's/b'])
  }
})

test('a node knows when it has heard all: within 200 ms of its first link, and not before', () => {
  const network = new SyncNetwork(3, 1)
  network.link(0, 1)
  for (let i = 0; i < 1_500; i++) network.feed(0, { type: 'write', name: `s/${i}`, changes: { i } })
  network.feed(2, { type: 'write', name: 's/own', changes: { x: 1 } })
  network.run(200)
  network.link(2, 1)
  const { sync, registry } = network.node(2)
  assert.not(sync.hasCaughtUp)
  while (!sync.hasCaughtUp && network.now < 400) network.run(network.now + 1)
  assert.ok(sync.hasCaughtUp)
  assert.is(registry.entries().length, 1_501)
})

test('two maps that cannot agree do not talk without end', () => {
  const network = new SyncNetwork(2, 1)
  const stamp = { wallMs: WALL, counter: 0, node: nodeId(7) }
  const cells = new Map([['x', { value: 1, stamp }]])
  const beyondLimits = Array.from({ length: 8_193 }, (_, i) => ({ name: `s/${i}`, removed: undefined, cells }))
  network.node(0).registry.merge(beyondLimits.slice(0, -1), WALL)
  network.node(1).registry.merge(beyondLimits.slice(-1), WALL)
  network.link(0, 1)
  network.run(500)
  const before = network.packetsSent
  network.run(1_500)
  assert.not(network.agrees())
  assert.is(network.packetsSent, before)
})

test(
  'a node that comes later learns everything, and brings what it has',
  () => {
    const network = new SyncNetwork(3, 1)
    network.link(0, 1)
    for (let i = 0; i < 3_000; i++) network.feed(0, { type: 'write', name: `s/old${i}`, changes: { i } })
    network.feed(0, { type: 'facts', bytes: utf8('zero') })
    network.feed(2, { type: 'write', name: 's/new', changes: { x: 1 } })
    network.run(50)
    network.link(2, 1)
    network.run(network.now + 200)
    assert.ok(network.agrees())
    assert.is(network.node(2).registry.entries().length, 3_001)
  },
  { limitMs: 20_000 },
)

test('two halves that were apart become one, whatever both wrote', () => {
  for (const seed of seeds(10)) {
    const network = settled(6, seed)
    for (const a of [0, 1, 2]) for (const b of [3, 4, 5]) network.unlink(a, b)
    for (let i = 0; i < 30; i++) {
      const name = `s/${network.random.below(4)}`
      const at = network.random.below(6)
      if (network.random.chance(0.2)) network.feed(at, { type: 'remove', name })
      else network.feed(at, { type: 'write', name, changes: { [`f${network.random.below(3)}`]: i } })
      if (network.random.chance(0.3)) network.feed(at, { type: 'facts', bytes: utf8(`${i}`) })
      network.run(network.now + network.random.between(0, 10))
    }
    network.link(0, 5)
    network.run(network.now + 200)
    assert.ok(network.agrees(), `replay with SEED=${seed}`)
  }
})

test('what got lost is found by comparing', () => {
  for (const seed of seeds(5)) {
    const network = settled(4, seed)
    network.loss = 1
    network.feed(0, { type: 'write', name: 's/a', changes: { x: 1 } })
    network.feed(1, { type: 'facts', bytes: utf8('lost') })
    network.run(network.now + 50)
    assert.not(network.agrees())
    network.loss = 0
    network.run(network.now + 4 * ANTI_ENTROPY_MS)
    assert.ok(network.agrees(), `replay with SEED=${seed}`)
  }
})

test('one comparison repairs both sides', () => {
  const network = settled(2)
  network.loss = 1
  for (const index of [0, 1]) {
    network.feed(index, { type: 'write', name: `s/${index}`, changes: { x: 1 } })
    network.feed(index, { type: 'facts', bytes: utf8('lost') })
  }
  network.loss = 0
  const [first, second] = network.nodes.map(({ sync }) => sync.nextDeadline() ?? 0).sort((a, b) => a - b) as [
    number,
    number,
  ]
  assert.ok(second > first + 50)
  network.run(first + 50)
  assert.ok(network.agrees())
})

test('nodes that agree only compare fingerprints', () => {
  const network = settled(4)
  for (let i = 0; i < 100; i++) network.feed(0, { type: 'write', name: `s/${i}`, changes: { i } })
  network.run(network.now + 200)
  const before = network.bytesSent
  network.run(network.now + 10 * ANTI_ENTROPY_MS)
  const bytesPerRound = (network.bytesSent - before) / (4 * 10)
  assert.ok(bytesPerRound > 0 && bytesPerRound < 50, `${bytesPerRound} bytes`)
})

test('a write beyond the limits is rejected with a reason and told to nobody', () => {
  const network = settled(2)
  network.feed(0, { type: 'write', name: 's/a', changes: { x: 'y'.repeat(5_000) } })
  network.feed(0, { type: 'facts', bytes: new Uint8Array(70_000) })
  assert.equal(
    network.node(0).effects.map(({ type }) => type),
    ['rejected', 'rejected'],
  )
})

test('nonsense from a peer is named and does no harm', () => {
  const network = settled(2)
  const from = network.node(1).id
  network.feed(0, { type: 'message', from, bytes: Uint8Array.of(1, 3, 255) })
  for (let i = 0; i < 500; i++) {
    network.feed(0, { type: 'message', from, bytes: Uint8Array.of(1, ...network.random.bytes(30)) })
  }
  const [first] = network.node(0).effects
  assert.match(first?.type === 'rejected' ? first.why : '', /from 00000000: packet ends early/)
  network.feed(0, { type: 'write', name: 's/a', changes: { x: 1 } })
  network.run(network.now + 200)
  assert.ok(network.agrees())
})

test.run()
