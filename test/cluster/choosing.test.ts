/** Real nodes, programs and clients: each way of choosing gives what it says. */
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { Callers, countNodes, hangUp } from './callers.js'
import { Bench, NODES } from './choosing-bench.js'
import { addService } from './fixture.js'

const test = suite('cluster/choosing', 90_000)
test('round robin and weights, in turns and smooth: exact', async (scope) => {
  const room = await Bench.start(scope)
  const { callers } = await room.serve('web', 8080)
  const rotation = await callers.callMany(30)
  assert.equal(countNodes(rotation), { node1: 10, node2: 10, node3: 10 })
  await hangUp(rotation)
  await room.assign('web', 'node1', '--weight', '3')
  await room.assign('web', 'node2', '--weight', '2')
  for (const weighting of ['turns', 'smooth']) {
    await room.cluster.baton(
      room.cluster.named('node1'),
      'service',
      'set',
      'web',
      '--scheduler',
      'weighted',
      '--weighting',
      weighting,
    )
    await until(
      async () => (await room.view('web')).definition.weighting === weighting || undefined,
      5_000,
      'the director has heard it',
    )
    const weighted = await callers.callMany(60)
    assert.equal(countNodes(weighted), { node1: 30, node2: 20, node3: 10 }, weighting)
    const runs = weighted.map(({ node }) => node).join(' ')
    assert.is(/node1 node1 node1/.test(runs), weighting === 'turns', runs)
    await hangUp(weighted)
  }
})

test('least connections: whoever has lost its clients gets the next ones', async (scope) => {
  const room = await Bench.start(scope, ['--lanes', '2'])
  const { callers } = await room.serve('web', 8081, '--scheduler', 'least-connections')
  const first = await callers.callMany(30)
  assert.equal(countNodes(first), { node1: 10, node2: 10, node3: 10 }, 'also across lanes')
  await hangUp(first.filter(({ node }) => node === 'node2'))
  await until(async () => ((await room.view('web')).splices === 20 ? true : undefined), 5_000, 'they are gone')
  assert.equal(countNodes(await callers.callMany(10)), { node2: 10 })
})

test('source hash: an address stays at its node, and only those move whose node goes', async (scope) => {
  const room = await Bench.start(scope)
  const { callers, programs } = await room.serve('web', 8082, '--scheduler', 'source-hash')
  const addressOf = (i: number) => `127.200.${1 + (i >> 6)}.${1 + (i & 63)}`
  const first = await callers.callMany(120, addressOf)
  const again = await callers.callMany(120, addressOf)
  assert.equal(
    again.map(({ node }) => node),
    first.map(({ node }) => node),
  )
  // 120 drawn among three: 40 ± 5.2 each; four times that is an error.
  for (const node of NODES)
    assert.ok(Math.abs((countNodes(first)[node] ?? 0) - 40) <= 21, JSON.stringify(countNodes(first)))
  await programs.get('node2')?.stop()
  await room.seen('web', 2)
  const after = await callers.callMany(120, addressOf)
  for (const [i, { node }] of after.entries()) {
    const before = first[i]?.node
    if (before === 'node2') assert.ok(node === 'node1' || node === 'node3', node)
    else assert.is(node, before)
  }
})

test('tiers: a lower one serves only while nobody of the higher one listens', async (scope) => {
  const room = await Bench.start(scope)
  const { callers, programs } = await room.serve('web', 8083)
  await room.assign('web', 'node1', '--priority', '5')
  await room.assign('web', 'node2', '--priority', '5')
  await room.assign('web', 'node3', '--priority', '0')
  const calls = async (count: number) => {
    const made = await callers.callMany(count)
    await hangUp(made)
    return countNodes(made)
  }
  assert.equal(await calls(8), { node1: 4, node2: 4 })
  await programs.get('node1')?.stop()
  await room.seen('web', 2)
  assert.equal(await calls(4), { node2: 4 })
  await programs.get('node2')?.stop()
  await room.seen('web', 1)
  assert.equal(await calls(4), { node3: 4 })
  const why = await room.cluster.baton(room.cluster.named('node1'), 'why', 'web')
  assert.match(why.stdout, /Connections are given to node3:? in turn/)
  room.startNamed('node2', 8083)
  await room.seen('web', 2)
  assert.equal(await calls(4), { node2: 4 })
})

test('limit, queue and time: who waits is served by the next place, or told after its time', async (scope) => {
  const room = await Bench.start(scope, ['--lanes', '2'])
  const limits = ['--node-connections', '2', '--queue', '3', '--queue-timeout', '1500ms']
  const { callers } = await room.serve('web', 8084, ...limits)
  const served = await callers.callMany(6)
  assert.equal(countNodes(served), { node1: 2, node2: 2, node3: 2 })
  const waiting = [callers.call(), callers.call()]
  await until(
    async () => ((await room.view('web')).choice.placement?.waiting === 2 ? true : undefined),
    2_000,
    'two wait',
  )
  const left = performance.now()
  await hangUp(served.slice(0, 2))
  const called = await Promise.all(waiting)
  assert.equal(countNodes(called), countNodes(served.slice(0, 2)), 'where there is room')
  assert.ok(performance.now() - left < 1_000, `${performance.now() - left} ms`)
  const vain = await Promise.all([callers.call(), callers.call(), callers.call(), callers.call()])
  assert.equal(countNodes(vain), { ECONNRESET: 4 })
  const [atOnce = 0, ...late] = vain.map(({ ms }) => ms).sort((a, b) => a - b)
  assert.ok(atOnce < 1_000 && late.every((ms) => ms >= 1_400 && ms < 3_500), `${atOnce} ${late.join(' ')}`)
  const { queueTimeouts, queueFull, queued } = (await room.view('web')).choice.placement ?? {}
  assert.equal({ queueTimeouts, queueFull, queued }, { queueTimeouts: 3, queueFull: 1, queued: 5 })
})

test('a program that does not answer: another node before the client notices; and the sorry backend at last', async (scope) => {
  const room = await Bench.start(scope)
  const { cluster, fixture } = room
  // Its kernel takes two connections that nobody accepts, and answers no more.
  const deaf = room.startNamed('node1', 8085, 1)
  for (const name of ['node2', 'node3']) room.startNamed(name, 8085)
  const sorry = net
    .createServer((socket) => socket.end('sorry\n'))
    .listen(0, fixture.serviceAddress.replace(/\d+$/, '99'))
  scope.defer(() => void sorry.close())
  await new Promise((resolve) => sorry.once('listening', resolve))
  const { address, port } = sorry.address() as net.AddressInfo
  await addService(fixture, 'web', '8085', 3, '--connect-timeout', '200ms', '--sorry', `${address}:${port}`)
  deaf.kill('SIGSTOP')
  scope.defer(() => deaf.kill('SIGCONT'))
  const filled = new Callers(scope, { host: cluster.named('node1').address, port: 8085 })
  for (let i = 0; i < 4; i++) void filled.call()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const callers = room.callersOf(8085)
  const made = await callers.callMany(12)
  assert.equal(countNodes(made), { node2: 6, node3: 6 })
  const { director } = await cluster.serving('web')
  const { counters } = await cluster.named(director.name).client.status()
  assert.is(counters.retried, 4, 'every third was given to the deaf one first')
  assert.is(counters.refused, 0)
  for (const name of ['node2', 'node3']) await room.assign('web', name, '--serve', 'no')
  assert.equal(countNodes(await callers.callMany(2)), { sorry: 2 })
  await room.assign('web', 'node1', '--serve', 'no')
  assert.equal(countNodes(await callers.callMany(2)), { sorry: 2 })
  assert.is((await room.view('web')).choice.placement?.sorry, 4)
})

test('a node that is not to serve directs all the same, and one that is not to direct serves', async (scope) => {
  const room = await Bench.start(scope)
  const { callers } = await room.serve('web', 8086)
  const { director } = await room.cluster.serving('web')
  await room.assign('web', director.name, '--serve', 'no')
  const others = NODES.filter((name) => name !== director.name)
  assert.equal(Object.keys(countNodes(await callers.callMany(6))).sort(), others)
  await room.assign('web', director.name, '--direct', 'no', '--serve', 'yes')
  const next = await until(
    async () => {
      const now = (await room.cluster.serving('web')).director.name
      return now === director.name ? undefined : now
    },
    10_000,
    'another directs',
  )
  const last = others.find((name) => name !== next) ?? ''
  await room.assign('web', last, '--direct', 'no')
  const refused = await room.assign('web', next, '--direct', 'no').catch((error: Error) => error.message)
  assert.match(String(refused), 'nobody would be left to direct web')
  assert.equal(Object.keys(countNodes(await callers.callMany(6))).sort(), NODES)
})

test.run()
