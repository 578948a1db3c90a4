import { once } from 'node:events'
import net from 'node:net'
import { Prng } from '../../src/base/prng.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { TestNode } from './nodes.js'

const test = suite('trunk/control-links-strangers', 5_000)

/** A connection that proves nothing. Resolves when TCP stands. */
async function stranger(scope: Scope, node: TestNode): Promise<net.Socket> {
  const socket = net.connect(node.at.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  scope.defer(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

function closed(socket: net.Socket): Promise<void> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()))
}

test('garbage is refused, and the node goes on', async (scope) => {
  const seed = 7
  const random = new Prng(seed)
  const [a, b] = [await TestNode.up(scope, 0), await TestNode.up(scope, 1)]
  for (let round = 0; round < 40; round++) {
    const socket = await stranger(scope, a)
    socket.end(random.bytes(1 + random.below(400)))
    await closed(socket)
  }
  b.wants(a)
  await a.hears('up 1')
  assert.is(a.count('up'), 1)
})

test('frames of the right length but with garbage in them are refused', async (scope) => {
  const random = new Prng(8)
  const a = await TestNode.up(scope, 0)
  for (const length of [0, 1, 31, 32, 33, 64, 96, 1_024]) {
    const socket = await stranger(scope, a)
    for (let frame = 0; frame < 3; frame++) {
      if (!socket.writable) break
      socket.write(Uint8Array.of(length & 255, length >>> 8, 0, ...random.bytes(length)))
    }
    socket.end()
    await closed(socket)
  }
  assert.is(a.count('up'), 0)
})

test('a first frame that claims 16 MiB is refused before anything is allocated', async (scope) => {
  const a = await TestNode.up(scope, 0)
  const before = process.memoryUsage().arrayBuffers
  const sockets = await Promise.all(Array.from({ length: 20 }, () => stranger(scope, a)))
  for (const socket of sockets) socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0))
  await Promise.all(sockets.map(closed))
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 4 * 2 ** 20, `${grown} bytes were allocated for 20 strangers`)
  assert.match(await a.hears('log control-link-refused'), /a frame of 16777215 bytes, above 1024/)
})

test('who says nothing is cut off in time', async (scope) => {
  const a = await TestNode.up(scope, 0, { config: { greetMs: 50 } })
  await closed(await stranger(scope, a))
  assert.match(await a.hears('log control-link-refused'), /did not prove itself in time: 50 ms, handshake/)
})

test('who sends a byte now and then is cut off all the same', async (scope) => {
  const a = await TestNode.up(scope, 0, { config: { greetMs: 80 } })
  const socket = await stranger(scope, a)
  const drip = setInterval(() => socket.write(Uint8Array.of(1)), 10)
  scope.defer(() => clearInterval(drip))
  await closed(socket)
})

test('a peer that listens and says nothing is given up', async (scope) => {
  const a = await TestNode.up(scope, 0, { config: { greetMs: 50 } })
  const mute = net.createServer((socket) => void socket.on('error', () => {}).resume())
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  scope.defer(() => new Promise<void>((resolve) => mute.close(() => resolve())))
  const b = new TestNode(1)
  a.wants(b, { address: '127.0.0.1', port: (mute.address() as net.AddressInfo).port })
  assert.match(await a.hears('log control-dial-failed'), /did not prove itself in time/)
  a.links.unwant(b.node)
})

test('one unproven connection above the limit is refused at once and counted', async (scope) => {
  const unprovenMax = 4
  const [a, b] = [await TestNode.up(scope, 0, { config: { unprovenMax } }), await TestNode.up(scope, 1)]
  const held = await Promise.all(Array.from({ length: unprovenMax }, () => stranger(scope, a)))
  const tooMany = await stranger(scope, a)
  await closed(tooMany)
  assert.is(a.links.counters.refusedUnread, 1)
  assert.ok(held.every((socket) => !socket.destroyed))
  // A place that is given back can be taken.
  for (const socket of held) socket.destroy()
  b.wants(a)
  await a.hears('up 1')
})

test('links of proven peers do not count as unproven', async (scope) => {
  const a = await TestNode.up(scope, 0, { config: { unprovenMax: 1 } })
  for (const index of [1, 2, 3]) {
    const peer = await TestNode.up(scope, index)
    peer.wants(a)
    await a.hears(`up ${index}`)
  }
})

test('strangers cannot fill the log', async (scope) => {
  const a = await TestNode.up(scope, 0)
  for (let round = 0; round < 20; round++) {
    const socket = await stranger(scope, a)
    socket.end(Uint8Array.of(0xff, 0xff, 0xff))
    await closed(socket)
  }
  assert.ok(a.count('log control-link-refused') <= 2)
  assert.ok(a.links.counters.unprovenEnded >= 19)
})

test.run()
