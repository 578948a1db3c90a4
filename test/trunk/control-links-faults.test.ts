import { CHANNEL } from '../../src/trunk/channels.js'
import { assert, suite } from '../harness/suite.js'
import { TestNode } from './nodes.js'
import { Relay } from './relay.js'

const test = suite('trunk/control-links-faults', 10_000)

test('crossed dials settle on one link, every time, and it carries messages', async (scope) => {
  let crossed = 0
  for (let round = 0; round < 50; round++) {
    const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
    if (round % 2 === 0) a.wants(b)
    b.wants(a)
    if (round % 2 === 1) a.wants(b)
    await settled(a, b)
    await settled(b, a)
    assert.ok(a.send(b, CHANNEL.gossip, round), `round ${round}`)
    await b.hears(`message 0/1: ${round}`)
    assert.ok(b.send(a, CHANNEL.gossip, round))
    await a.hears(`message 1/1: ${round}`)
    assert.equal([a.links.linked(), b.links.linked()], [[b.node], [a.node]])
    // The loser of the crossing was never up: nothing above noticed it.
    assert.is(a.count('down') + b.count('down'), 0, `round ${round}: ${[...a.heard, ...b.heard].join('\n')}`)
    await Promise.all([a.links.close(), b.links.close()])
    crossed += a.count('log control-peer-turned-away')
  }
  assert.ok(crossed > 0, 'no dials crossed: the test shows nothing')
})

test('many nodes that all dial each other at once make a full mesh', async (scope) => {
  const nodes = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => TestNode.up(scope, index)))
  for (const node of nodes) for (const peer of nodes) if (peer !== node) node.wants(peer)
  for (const node of nodes) for (const peer of nodes) if (peer !== node) await settled(node, peer)
})

test('a peer that does not read costs bounded memory', async (scope) => {
  const sendQueueBytesMax = 4 * 2 ** 20
  const [a, b] = [await TestNode.up(scope, 0, { config: { sendQueueBytesMax } }), await TestNode.up(scope, 1)]
  const relay = await Relay.to(scope, b.at)
  a.wants(b, relay.at)
  await Promise.all([a.hears('up'), b.hears('up')])
  relay.clog()
  const chunk = new Uint8Array(65_536)
  let sent = 0
  while (a.links.send(b.node, CHANNEL.sync, chunk)) {
    sent += chunk.byteLength
    await new Promise((resolve) => setImmediate(resolve))
  }
  // What the kernel's and the relay's buffers took comes on top.
  assert.ok(sent >= sendQueueBytesMax / 2 && sent < sendQueueBytesMax + 32 * 2 ** 20, `${sent} bytes were taken`)
  assert.match(await a.hears('down'), /it does not read what is sent to it: \d+ bytes wait/)
})

test('a burst in one turn is bounded as well', async (scope) => {
  const sendQueueBytesMax = 4 * 2 ** 20
  const [a, b] = [await TestNode.up(scope, 0, { config: { sendQueueBytesMax } }), await TestNode.up(scope, 1)]
  a.wants(b)
  await a.hears('up')
  const chunk = new Uint8Array(2 ** 20 - 1)
  let sent = 0
  while (a.links.send(b.node, CHANNEL.sync, chunk)) sent++
  assert.is(sent, 3)
  assert.match(await a.hears('down'), /does not read/)
})

test('a peer that falls silent is taken for dead, and dialled again', async (scope) => {
  const config = { heartbeatMs: 20, silenceMs: 100 }
  const [a, b] = [await TestNode.up(scope, 0, { config }), await TestNode.up(scope, 1, { config })]
  const relay = await Relay.to(scope, b.at)
  a.wants(b, relay.at)
  await Promise.all([a.hears('up'), b.hears('up')])
  relay.clog()
  assert.match(await a.hears('down'), /nothing heard from it: for \d+ ms/)
  assert.match(await b.hears('down'), /nothing heard from it/)
  // The relay lets new connections through.
  await a.until(() => a.count('up') === 2)
})

async function settled(node: TestNode, peer: TestNode): Promise<void> {
  await node.until(() => node.links.linked().includes(peer.node))
}

test.run()
