/** The other ways of choosing, quorum and its hook, connections of a lost node, ports that are reserved: with real nodes and clients. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { type Caller, countNodes, hangUp } from './callers.js'
import { Bench, NODES } from './choosing-bench.js'

const test = suite('cluster/choosing-kinds', 90_000)

test('maglev, first and failover', async (scope) => {
  const room = await Bench.start(scope)
  const maglev = await room.serve('maglev', 8090, '--scheduler', 'maglev')
  const addressOf = (i: number) => `127.201.${1 + (i >> 6)}.${1 + (i & 63)}`
  const before = await maglev.callers.callMany(120, addressOf)
  for (const count of Object.values(countNodes(before))) assert.ok(Math.abs(count - 40) <= 21, `${count} of 120`)
  await maglev.programs.get('node2')?.stop()
  await room.seen('maglev', 2)
  const after = await maglev.callers.callMany(120, addressOf)
  const moved = after.filter(({ node }, i) => before[i]?.node !== 'node2' && before[i]?.node !== node)
  assert.ok(moved.length <= 4 && after.every(({ node }) => node !== 'node2'), `${moved.length} of others moved`)

  const first = await room.serve('first', 8091, '--scheduler', 'first', '--node-connections', '2')
  const filled = await first.callers.callMany(5)
  assert.is(filled.map(({ node }) => node).join(' '), 'node1 node1 node2 node2 node3')
  await hangUp(filled.slice(0, 1))
  await until(async () => (await room.view('first')).splices === 4 || undefined, 5_000, 'one is gone')
  assert.is((await first.callers.call()).node, 'node1')

  const failover = await room.serve('failover', 8092, '--scheduler', 'failover')
  const nodesOf = async () => Object.keys(countNodes(await failover.callers.callMany(3))).join()
  assert.is(await nodesOf(), 'node1')
  await failover.programs.get('node1')?.stop()
  await room.seen('failover', 2)
  assert.is(await nodesOf(), 'node2')
  room.startNamed('node1', 8092)
  await room.seen('failover', 3)
  assert.is(await nodesOf(), 'node1')
})

test('the quorum is lost and comes back: the hook is told, and the sorry backend answers meanwhile', async (scope) => {
  const room = await Bench.start(scope)
  const [hook, told] = ['quorum.sh', 'told'].map((name) => path.join(room.cluster.folder, name)) as [string, string]
  writeFileSync(hook, `#!/bin/sh\necho "$@" >> ${told}\n`)
  chmodSync(hook, 0o755)
  writeFileSync(told, '')
  const sorry = net.createServer((socket) => socket.end('sorry\n'))
  await new Promise<void>((resolve) => sorry.listen(0, room.cluster.named('node1').address, resolve))
  scope.defer(() => void sorry.close())
  const { address, port } = sorry.address() as net.AddressInfo
  const settings = ['--quorum', '2', '--quorum-hook', hook, '--sorry', `${address}:${port}`]
  // While the programs come the quorum comes, of which the hook is told as well.
  const { callers, programs } = await room.serve('web', 8093)
  await room.baton('service', 'set', 'web', ...settings)
  const quorate = async (wanted: boolean) =>
    until(
      async () => (await room.view('web')).choice.quorum?.quorate === wanted || undefined,
      5_000,
      `the quorum is ${wanted ? 'there' : 'lost'}`,
    )
  assert.is((await callers.call()).node.slice(0, 4), 'node')
  for (const name of ['node2', 'node3']) await programs.get(name)?.stop()
  await quorate(false)
  assert.equal(countNodes(await callers.callMany(3)), { sorry: 3 })
  room.startNamed('node2', 8093)
  await quorate(true)
  assert.equal(Object.keys(countNodes(await callers.callMany(4))).sort(), ['node1', 'node2'])
  const lines = () => readFileSync(told, 'utf8').trim().split('\n')
  await until(() => lines().length === 2 || undefined, 5_000, 'the hook was called twice')
  assert.equal(lines(), ['quorum-down web 1', 'quorum-up web 2'])
})

test('the quorum is lost while the director stands still, and then it dies: its successor tells the hook', async (scope) => {
  const room = await Bench.start(scope)
  const [hook, told] = ['quorum.sh', 'told'].map((name) => path.join(room.cluster.folder, name)) as [string, string]
  writeFileSync(hook, `#!/bin/sh\necho "$@" >> ${told}\n`)
  chmodSync(hook, 0o755)
  writeFileSync(told, '')
  const { programs } = await room.serve('web', 8097)
  await room.baton('service', 'set', 'web', '--quorum', '3', '--quorum-hook', hook)
  await until(
    async () => {
      const views = await Promise.all(room.cluster.live().map(({ client }) => client.service('web')))
      return views.every(({ choice }) => choice.quorum?.quorate === true) || undefined
    },
    5_000,
    'all see the quorum',
  )
  const still = room.cluster.named((await room.cluster.serving('web')).director.name)
  still.child?.kill('SIGSTOP')
  scope.defer(() => void still.child?.kill('SIGCONT'))
  const [one = '', other = ''] = NODES.filter((name) => name !== still.name)
  await programs.get(one)?.stop()
  await until(
    async () => (await room.cluster.named(other).client.service('web')).choice.quorum?.quorate === false || undefined,
    5_000,
    'others see it',
  )
  await room.cluster.kill(still)
  const lines = () => readFileSync(told, 'utf8').trim().split('\n')
  // The one that died may count no more by then.
  await until(
    () => /^quorum-down web [12]$/.test(lines().at(-1) ?? '') || undefined,
    10_000,
    () => `the hook was called: ${lines()}`,
  )
})

test('a node that is not to serve any more: its connections are closed one by one, or the idle ones, or kept', async (scope) => {
  const room = await Bench.start(scope)
  const span = ['--close-over', '1500ms', '--close-idle', '1s']
  const all = await room.serve('all', 8094, '--on-removed', 'all', ...span)
  const idle = await room.serve('idle', 8095, '--on-removed', 'idle', ...span)
  const kept = await room.serve('kept', 8096)
  const held = await Promise.all([all, idle, kept].map(({ callers }) => callers.callMany(60)))
  const [ofAll = [], ofIdle = [], ofKept = []] = held.map((callers) => callers.filter(({ node }) => node === 'node2'))
  const [busy] = ofIdle
  const ticking = setInterval(() => busy?.socket.write('tick'), 100)
  scope.defer(() => clearInterval(ticking))
  const openOf = (callers: readonly Caller[]) => callers.filter(({ socket }) => !socket.closed).length
  assert.equal([ofAll, ofIdle, ofKept].map(openOf), [20, 20, 20])
  const endedAt: number[] = []
  for (const { socket } of ofAll) socket.once('close', () => endedAt.push(performance.now()))
  for (const name of ['all', 'idle', 'kept']) await room.assign(name, 'node2', '--serve', 'no')
  await until(() => endedAt.length === 20 || undefined, 5_000, 'all are closed')
  const spanMs = Math.max(...endedAt) - Math.min(...endedAt)
  // Twenty drawn within 1,500 ms: that all lie within a third of it has a probability of one to a hundred million.
  assert.ok(spanMs >= 500, `not all at once: within ${spanMs} ms`)
  await until(() => openOf(ofIdle) === 1 || undefined, 4_000, 'the idle ones are closed')
  assert.equal([busy?.socket.closed, openOf(ofKept)], [false, 20])
  const others = held.map((callers) => openOf(callers.filter(({ node }) => node !== 'node2')))
  assert.equal(others, [40, 40, 40])
  clearInterval(ticking)
  await until(() => openOf(ofIdle) === 0 || undefined, 4_000, 'and the busy one, when it falls silent')
})

test.run()
