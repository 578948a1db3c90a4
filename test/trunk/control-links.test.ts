import net from 'node:net'
import { BatonError } from '../../src/base/errors.js'
import { CHANNEL } from '../../src/trunk/channels.js'
import { assert, suite } from '../harness/suite.js'
import { CLUSTER_KEY, OTHER_KEY, TestNode } from './nodes.js'

const test = suite('trunk/control-links', 5_000)

test('a wanted peer is linked, and both ends know who the other is', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  a.wants(b)
  await Promise.all([a.hears('up 1'), b.hears('up 0')])
  assert.equal(a.links.linked(), [b.node])
  assert.equal(b.links.linked(), [a.node])
  assert.equal(a.links.state(b.node), { phase: 'up' })
})

test('links that are cut end at once at the other end', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  b.wants(a)
  await Promise.all([a.hears('up 1'), b.hears('up 0')])
  a.links.cut()
  await b.hears('down 0: connection failed')
  assert.equal(b.links.linked(), [])
  assert.not(a.send(b, CHANNEL.gossip, 1), 'nothing is sent any more')
  assert.not(
    a.heard.some((line) => line.startsWith('down')),
    'nothing is heard of them by their own node',
  )
})

test('messages go both ways, in order', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  a.wants(b)
  await Promise.all([a.hears('up'), b.hears('up')])
  for (let i = 0; i < 3; i++) assert.ok(a.send(b, CHANNEL.gossip, i))
  assert.ok(b.send(a, CHANNEL.election, 9))
  await b.hears('message 0/1: 2')
  await a.hears('message 1/3: 9')
  assert.equal(
    b.heard.filter((line) => line.startsWith('message')),
    ['message 0/1: 0', 'message 0/1: 1', 'message 0/1: 2'],
  )
})

test('the first message may be the longest, and an answer may be given at once', async (scope) => {
  const longest = new Uint8Array(2 ** 20 - 1)
  const a = await TestNode.up(scope, 0)
  const b = await TestNode.up(scope, 1, {
    onMessage: (node, from, payload) => node.links.send(from, CHANNEL.sync, payload),
  })
  a.wants(b)
  await a.hears('up')
  assert.ok(a.links.send(b.node, CHANNEL.sync, longest))
  await a.hears(`message 1/2: ${longest.byteLength} bytes`)
})

test('without a link nothing is sent', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  assert.not(a.send(b, CHANNEL.gossip, 1))
  assert.equal(a.links.state(b.node), { phase: 'down' })
})

test('a peer that is not there is dialled until it is', async (scope) => {
  const [a, c] = [await TestNode.up(scope, 0), await TestNode.up(scope, 2)]
  await c.links.close()
  const b = new TestNode(1, { bind: c.at })
  scope.defer(() => b.links.close())
  a.wants(b, c.at)
  await a.hears('log control-dial-failed')
  assert.match(a.links.state(b.node).why ?? '', /ECONNREFUSED/)
  await b.links.listen()
  await a.hears('up 1')
})

test('a peer that is no longer wanted hears a goodbye', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  a.wants(b)
  await Promise.all([a.hears('up'), b.hears('up')])
  a.links.unwant(b.node)
  assert.is(await b.hears('down'), 'down 0: the peer says: no longer a member')
  assert.equal(a.links.linked(), [])
})

test('a link that the other end closed itself is no evidence of its death, nor is a port that it closed after a goodbye', async (scope) => {
  const [holder, voter] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  voter.wants(holder)
  const bothUp = (times: number) =>
    Promise.all([holder, voter].map((node) => node.until(() => node.count('up') === times)))
  await bothUp(1)
  holder.links.unwant(voter.node)
  await bothUp(2)
  void holder.links.close()
  // Its process lives, and may have a lease to end.
  assert.match(await voter.hears('log control-dial-failed'), /ECONNREFUSED/)
  assert.is(voter.count('log control-refused'), 0, voter.heard.join('\n'))
})

test('with a wrong cluster key both ends say so and who it was', async (scope) => {
  const a = await TestNode.up(scope, 0)
  const b = await TestNode.up(scope, 1, { clusterKeys: [OTHER_KEY] })
  a.wants(b)
  assert.match(
    await a.hears('log control-dial-failed'),
    new RegExp(`address=127.0.0.1:${b.at.port} .*wrong cluster key`),
  )
  assert.match(await b.hears('log control-link-refused'), /remote=127\.0\.0\.1:\d+ why=wrong cluster key/)
  assert.is(a.count('up') + b.count('up'), 0)
})

test('keys are rotated without a gap: one key in common is enough', async (scope) => {
  const a = await TestNode.up(scope, 0, { clusterKeys: [OTHER_KEY, CLUSTER_KEY] })
  const b = await TestNode.up(scope, 1, { clusterKeys: [CLUSTER_KEY] })
  b.wants(a)
  await Promise.all([a.hears('up'), b.hears('up')])
})

test('without a common version both ends say which node must be upgraded', async (scope) => {
  const a = await TestNode.up(scope, 0, { self: { versions: { lowest: 2, highest: 3 } } })
  const b = await TestNode.up(scope, 1)
  b.wants(a)
  const why = /node-0 speaks versions 2 to 3, this node version 1; upgrade this node/
  assert.match(await b.hears('log control-dial-failed'), why)
  assert.match(await a.hears('log control-link-refused'), /node-1 speaks version 1.*; upgrade node-1/)
})

test('whoever answers with another key than the wanted node’s is not spoken to', async (scope) => {
  const [a, b, c] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1), await TestNode.up(scope, 2)]
  a.wants(b, c.at)
  assert.match(await a.hears('log control-dial-failed'), /another node than expected/)
  assert.is(c.count('up'), 0)
})

test('a restarted peer takes the place of its former self', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  a.wants(b)
  await a.hears('up 1')
  // The first life is not closed: it hangs, as after a power cut.
  const reborn = await TestNode.up(scope, 1, { boot: 2 })
  reborn.wants(a)
  await reborn.hears('up 0')
  assert.is(await a.hears('down'), 'down 1: the peer has dialled anew')
  await a.until(() => a.count('up 1') === 2)
  assert.ok(a.send(reborn, CHANNEL.gossip, 7))
  await reborn.hears('message 0/1: 7')
})

test('membership that tells of a new boot replaces the link', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  a.wants(b)
  await a.hears('up 1')
  const reborn = await TestNode.up(scope, 1, { boot: 2 })
  a.wants(reborn)
  await reborn.hears('up 0')
  assert.is(await a.hears('down'), 'down 1: the peer has restarted')
})

test('a node whose state was set back is refused', async (scope) => {
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1, { boot: 5 })]
  a.wants(b)
  await a.hears('up 1')
  const older = await TestNode.up(scope, 1, { boot: 4 })
  older.wants(a)
  assert.match(await older.hears('log control-dial-failed'), /earlier start/)
  assert.equal(a.links.linked(), [b.node])
})

test('close says goodbye and leaves no socket and no timer', async (scope) => {
  const before = resources()
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  a.wants(b)
  await Promise.all([a.hears('up'), b.hears('up')])
  await a.links.close()
  assert.is(await b.hears('down'), 'down 0: the peer says: the node is stopping')
  await b.links.close()
  // libuv lets go of a closed handle some turns later; one that is not closed it keeps, and the time limit finds it.
  while (resources() !== before) await new Promise((resolve) => setImmediate(resolve))
})

test('close does not wait for a peer that is silent in the middle of its greeting', async (scope) => {
  const a = await TestNode.up(scope, 0, { config: { greetMs: 60_000 } })
  const mute = net.connect(a.at.port, '127.0.0.1')
  scope.defer(() => void mute.destroy())
  await new Promise((resolve) => mute.once('connect', resolve))
  await a.links.close()
})

test('a port in use is an error that names it and the way out', async (scope) => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  scope.defer(() => new Promise<void>((resolve) => taken.close(() => resolve())))
  const { port } = taken.address() as net.AddressInfo
  const error = await TestNode.up(scope, 0, { bind: { address: '127.0.0.1', port } }).catch((thrown) => thrown)
  assert.instance(error, BatonError)
  assert.match(error.message, new RegExp(`127.0.0.1:${port}.*EADDRINUSE`))
  assert.match(error.hint, /choose another control port/)
})

/** What keeps the process alive: sockets and timers. */
function resources(): string {
  const kinds = process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP') || kind === 'Timeout')
  return kinds.sort().join(' ')
}

test.run()
