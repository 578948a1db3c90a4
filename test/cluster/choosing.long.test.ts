/** Real nodes, programs and clients: each way of choosing gives what it says. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { countNodes, hangUp } from './callers.js'
import { Bench, NODES } from './choosing-bench.js'

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
