/** Real nodes, programs and clients: each way of choosing gives what it says. */
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import type { ServiceView } from '../../src/node/control-protocol.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { Callers, countNodes, hangUp, startNamed } from './callers.js'
import { addService, type Fixture, startCluster } from './fixture.js'

const test = suite('cluster/choosing', 90_000)
/** One lane: rotations are exact for each lane, and which lane accepts a client is the kernel's choice. */
const ONE_LANE = ['--lanes', '1']
const NODES = ['node1', 'node2', 'node3']

interface Bench extends Fixture {
  readonly scope: Scope
}

async function bench(scope: Scope, lanes = ONE_LANE): Promise<Bench> {
  return { scope, ...(await startCluster(scope, 3, lanes)) }
}

/** A service with a program on each node, and its clients. */
async function serve(bench: Bench, name: string, port: number, ...settings: string[]) {
  const { cluster, scope, serviceAddress } = bench
  const programs = new Map(
    cluster.nodes.map((node) => [node.name, startNamed(scope, node, port, cluster.folder)] as const),
  )
  await addService(bench, name, String(port), 3, ...settings)
  return { programs, callers: new Callers(scope, { host: serviceAddress, port }) }
}

/** As the director says it. */
async function viewOf({ cluster }: Bench, name: string): Promise<ServiceView> {
  const { director } = await cluster.serving(name)
  return cluster.named(director.name).client.service(name)
}

async function assign(bench: Bench, service: string, node: string, ...flags: string[]): Promise<void> {
  await bench.cluster.baton(
    bench.cluster.live()[0] ?? bench.cluster.named('node1'),
    'service',
    'node',
    service,
    node,
    ...flags,
  )
  const { director } = await bench.cluster.serving(service)
  const { client } = bench.cluster.named(director.name)
  const here = bench.cluster.live()[0]
  const said = await here?.client.service(service)
  await until(
    async () => {
      const { choice } = await client.service(service)
      return JSON.stringify(choice.assignments) === JSON.stringify(said?.choice.assignments) ? true : undefined
    },
    5_000,
    'the director has heard it',
  )
}

/** The director sees so many that can serve. */
async function seen(bench: Bench, service: string, backends: number): Promise<void> {
  await until(
    async () => ((await viewOf(bench, service)).backends.length === backends ? true : undefined),
    5_000,
    `${backends} backends of ${service} are seen`,
  )
}

test('round robin and weights, in turns and smooth: exact', async (scope) => {
  const room = await bench(scope)
  const { callers } = await serve(room, 'web', 8080)
  const rotation = await callers.callMany(30)
  assert.equal(countNodes(rotation), { node1: 10, node2: 10, node3: 10 })
  await hangUp(rotation)
  await assign(room, 'web', 'node1', '--weight', '3')
  await assign(room, 'web', 'node2', '--weight', '2')
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
      async () => (await viewOf(room, 'web')).definition.weighting === weighting || undefined,
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
  const room = await bench(scope, ['--lanes', '2'])
  const { callers } = await serve(room, 'web', 8081, '--scheduler', 'least-connections')
  const first = await callers.callMany(30)
  assert.equal(countNodes(first), { node1: 10, node2: 10, node3: 10 }, 'also across lanes')
  await hangUp(first.filter(({ node }) => node === 'node2'))
  await until(async () => ((await viewOf(room, 'web')).splices === 20 ? true : undefined), 5_000, 'they are gone')
  assert.equal(countNodes(await callers.callMany(10)), { node2: 10 })
})

test('source hash: an address stays at its node, and only those move whose node goes', async (scope) => {
  const room = await bench(scope)
  const { callers, programs } = await serve(room, 'web', 8082, '--scheduler', 'source-hash')
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
  await seen(room, 'web', 2)
  const after = await callers.callMany(120, addressOf)
  for (const [i, { node }] of after.entries()) {
    const before = first[i]?.node
    if (before === 'node2') assert.ok(node === 'node1' || node === 'node3', node)
    else assert.is(node, before)
  }
})

test('tiers: a lower one serves only while nobody of the higher one listens', async (scope) => {
  const room = await bench(scope)
  const { callers, programs } = await serve(room, 'web', 8083)
  await assign(room, 'web', 'node1', '--priority', '5')
  await assign(room, 'web', 'node2', '--priority', '5')
  await assign(room, 'web', 'node3', '--priority', '0')
  const calls = async (count: number) => {
    const made = await callers.callMany(count)
    await hangUp(made)
    return countNodes(made)
  }
  assert.equal(await calls(8), { node1: 4, node2: 4 })
  await programs.get('node1')?.stop()
  await seen(room, 'web', 2)
  assert.equal(await calls(4), { node2: 4 })
  await programs.get('node2')?.stop()
  await seen(room, 'web', 1)
  assert.equal(await calls(4), { node3: 4 })
  const why = await room.cluster.baton(room.cluster.named('node1'), 'why', 'web')
  assert.match(why.stdout, /Connections are given to node3:? in turn/)
  startNamed(room.scope, room.cluster.named('node2'), 8083, room.cluster.folder)
  await seen(room, 'web', 2)
  assert.equal(await calls(4), { node2: 4 })
})

test('limit, queue and time: who waits is served by the next place, or told after its time', async (scope) => {
  const room = await bench(scope, ['--lanes', '2'])
  const limits = ['--node-connections', '2', '--queue', '3', '--queue-timeout', '1500ms']
  const { callers } = await serve(room, 'web', 8084, ...limits)
  const served = await callers.callMany(6)
  assert.equal(countNodes(served), { node1: 2, node2: 2, node3: 2 })
  const waiting = [callers.call(), callers.call()]
  await until(
    async () => ((await viewOf(room, 'web')).choice.placement?.waiting === 2 ? true : undefined),
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
  const { queueTimeouts, queueFull, queued } = (await viewOf(room, 'web')).choice.placement ?? {}
  assert.equal({ queueTimeouts, queueFull, queued }, { queueTimeouts: 3, queueFull: 1, queued: 5 })
})

test('a program that does not answer: another node before the client notices; and the sorry backend at last', async (scope) => {
  const room = await bench(scope)
  const { cluster, serviceAddress } = room
  // Its kernel takes two connections that nobody accepts, and answers no more.
  const deaf = startNamed(scope, cluster.named('node1'), 8085, cluster.folder, 1)
  for (const name of ['node2', 'node3']) startNamed(scope, cluster.named(name), 8085, cluster.folder)
  const sorry = net.createServer((socket) => socket.end('sorry\n')).listen(0, serviceAddress.replace(/\d+$/, '99'))
  scope.defer(() => void sorry.close())
  await new Promise((resolve) => sorry.once('listening', resolve))
  const { address, port } = sorry.address() as net.AddressInfo
  await addService(room, 'web', '8085', 3, '--connect-timeout', '200ms', '--sorry', `${address}:${port}`)
  deaf.kill('SIGSTOP')
  scope.defer(() => deaf.kill('SIGCONT'))
  const filled = new Callers(scope, { host: cluster.named('node1').address, port: 8085 })
  for (let i = 0; i < 4; i++) void filled.call()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const callers = new Callers(scope, { host: serviceAddress, port: 8085 })
  const made = await callers.callMany(12)
  assert.equal(countNodes(made), { node2: 6, node3: 6 })
  const { director } = await cluster.serving('web')
  const { counters } = await cluster.named(director.name).client.status()
  assert.is(counters.retried, 4, 'every third was given to the deaf one first')
  assert.is(counters.refused, 0)
  for (const name of ['node2', 'node3']) await assign(room, 'web', name, '--serve', 'no')
  assert.equal(countNodes(await callers.callMany(2)), { sorry: 2 })
  await assign(room, 'web', 'node1', '--serve', 'no')
  assert.equal(countNodes(await callers.callMany(2)), { sorry: 2 })
  assert.is((await viewOf(room, 'web')).choice.placement?.sorry, 4)
})

test('a node that is not to serve directs all the same, and one that is not to direct serves', async (scope) => {
  const room = await bench(scope)
  const { callers } = await serve(room, 'web', 8086)
  const { director } = await room.cluster.serving('web')
  await assign(room, 'web', director.name, '--serve', 'no')
  const others = NODES.filter((name) => name !== director.name)
  assert.equal(Object.keys(countNodes(await callers.callMany(6))).sort(), others)
  await assign(room, 'web', director.name, '--direct', 'no', '--serve', 'yes')
  const next = await until(
    async () => {
      const now = (await room.cluster.serving('web')).director.name
      return now === director.name ? undefined : now
    },
    10_000,
    'another directs',
  )
  const last = others.find((name) => name !== next) ?? ''
  await assign(room, 'web', last, '--direct', 'no')
  const refused = await assign(room, 'web', next, '--direct', 'no').catch((error: Error) => error.message)
  assert.match(String(refused), 'nobody would be left to direct web')
  assert.equal(Object.keys(countNodes(await callers.callMany(6))).sort(), NODES)
})

test.run()
