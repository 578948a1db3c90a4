/** What somebody on the LAN, with an old key, or banned, can do with control links: docs/security.md, line by line. */
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { nodeIdOf } from '../../src/trunk/keys.io.js'
import { assert, suite } from '../harness/suite.js'
import { CLUSTER_KEY, keysOf, OTHER_KEY, TestNode } from '../trunk/nodes.js'
import { halfOpen } from './half-open.js'

const test = suite('security/links', 30_000)

test('an old key that was removed proves nothing, and the node says why; one that is still in the ring lets in', async (scope) => {
  const ring = [CLUSTER_KEY, OTHER_KEY]
  const a = await TestNode.up(scope, 0, { clusterKeys: ring })
  const b = await TestNode.up(scope, 1, { clusterKeys: [OTHER_KEY] })
  b.wants(a)
  await a.hears('up 1')
  b.links.unwant(a.node)
  await a.hears('down 1')
  ring.splice(1)
  b.wants(a)
  assert.match(await b.hears('log control-dial-failed'), 'wrong cluster key')
  assert.is(a.count('up 1'), 1)
})

test('a banned identity: its link is cut, and refused ever after whatever key it has, in both directions', async (scope) => {
  const banned = new Set<string>()
  const a = await TestNode.up(scope, 0, { isBanned: (node) => banned.has(node) })
  const b = await TestNode.up(scope, 1)
  b.wants(a)
  await a.hears('up 1')
  banned.add(b.node)
  a.links.ban(b.node)
  assert.match(await b.hears('down 0'), 'banned')
  assert.match(await a.hears('log control-link-refused'), /banned from the cluster: node-1/)
  assert.match(b.links.state(a.node).why ?? '', 'banned')
  a.wants(b)
  assert.equal([a.count('up 1'), a.links.linked(), a.send(b, 1, 7)], [1, [], false])
  // Under another name it has another key, and so is another node.
  assert.not(nodeIdOf(keysOf(1).publicKey) === nodeIdOf(keysOf(2).publicKey))
  banned.clear()
  await a.hears('up 1')
})

test('slow handshakes: all places taken by whoever sends a byte now and then; members that are linked stay so, and more are dialled', async (scope) => {
  const a = await TestNode.up(scope, 0, { config: { unprovenMax: 8, greetMs: 500 } })
  const [b, c] = [await TestNode.up(scope, 1), await TestNode.up(scope, 2)]
  b.wants(a)
  await a.hears('up 1')
  const drips = Array.from({ length: 40 }, () => {
    const socket = net.connect(a.at.port, a.at.address)
    socket.on('error', () => {})
    const timer = setInterval(() => socket.write(Uint8Array.of(1)), 20)
    socket.on('close', () => clearInterval(timer))
    return socket
  })
  scope.defer(() => {
    for (const socket of drips) socket.destroy()
  })
  await until(() => (a.links.counters.refusedUnread >= 32 ? true : undefined), 5_000, 'the rest is refused at once')
  a.wants(c)
  await a.hears('up 2')
  assert.ok(b.send(a, 1, 7))
  await a.hears('message 1/1: 7')
  await until(() => (drips.every(({ closed }) => closed) ? true : undefined), 5_000, 'and those are cut off in time')
})

test('1,000 half-open connections: most get an RST at once, a member is answered meanwhile, and another is dialled', async (scope) => {
  const { refused, rttMs } = await halfOpen(scope, 1_000)
  assert.ok(refused >= 400, `${refused} refused`)
  assert.ok(rttMs < 2_000, `${rttMs} ms to a member`)
})

test.run()
