import { Clients } from '../../src/lab/clients.io.js'
import { Measure } from '../../src/lab/measure.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { addService, startCluster, startHello } from './fixture.js'

const test = suite('cluster/failover', 60_000)

test('the director is killed: new connections work again within 3 s; it comes back as the next boot and serves', async (scope) => {
  const fixture = await startCluster(scope)
  const { cluster, serviceAddress } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  const before = await cluster.serving('web')
  const measure = new Measure()
  const clients = new Clients({ address: serviceAddress, port: 8080 }, (outcome) => measure.add(outcome))
  scope.defer(() => clients.stop())
  clients.start(10, 50)
  await pause(500)
  const killed = cluster.named(before.director.name)
  await cluster.kill(killed)
  const after = await cluster.serving('web')
  await pause(1_500)
  await clients.stop()
  const { longestGapMs, perNode } = measure.summary()
  assert.is.not(after.director.name, before.director.name)
  assert.ok((after.term?.number ?? 0) > (before.term?.number ?? 0), 'the new term has a higher number')
  assert.ok(longestGapMs < 3_000, `${longestGapMs} ms without an answer`)
  assert.ok(Object.keys(perNode).length >= 2)

  cluster.up(killed)
  const status = await cluster.answers(killed)
  assert.is(status.node.boot, 2)
  await cluster.settled()
  const again = await until(
    async () => {
      const view = await cluster.serving('web')
      return view.backends.length === 3 ? view : undefined
    },
    5_000,
    'the node that came back serves again',
  )
  assert.is(again.director.name, after.director.name, 'nothing is taken back')
})

test.long(
  'a program stops: from 200 ms later none goes there and none fails; it starts: it is served within 1 s',
  async (scope) => {
    const fixture = await startCluster(scope)
    const programs = startHello(scope, fixture, 8080)
    await addService(fixture, 'web', '8080', 3)
    const measure = new Measure()
    const clients = new Clients({ address: fixture.serviceAddress, port: 8080 }, (outcome) => measure.add(outcome))
    scope.defer(() => clients.stop())
    clients.start(10, 20)
    await pause(500)
    await programs.get('node2')?.stop()
    const stopped = performance.now()
    await pause(1_500)
    const after = measure.summary(stopped + 200)
    assert.is(after.failed, 0, JSON.stringify(after.errors))
    assert.is(after.perNode['node2'], undefined)
    assert.ok(after.answered > 100, `${after.answered} answered`)

    startHello(scope, fixture, 8080, false, ['node2'])
    const started = performance.now()
    await until(
      () => (measure.summary(started).perNode['node2'] === undefined ? undefined : true),
      3_000,
      'node2 is given connections',
    )
    const first = performance.now() - started
    await clients.stop()
    // The program's own start is in it.
    assert.ok(first < 1_000, `${first} ms until the first connection`)
  },
)

test.long('every node stopped and started: the service is still there', async (scope) => {
  const fixture = await startCluster(scope)
  const { cluster } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  await Promise.all(cluster.nodes.map((node) => cluster.stop(node)))
  for (const node of cluster.nodes) cluster.up(node)
  await Promise.all(cluster.nodes.map((node) => cluster.answers(node)))
  await cluster.settled()
  const view = await cluster.serving('web')
  assert.is(view.definition.ports, '8080')
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test.run()
