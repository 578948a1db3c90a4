import { Clients } from '../../src/lab/clients.io.js'
import { Measure } from '../../src/lab/measure.js'
import { assert, suite } from '../harness/suite.js'
import { addService, startCluster, startHello } from './fixture.js'

const test = suite('cluster/failover', 60_000)

test('the director is killed: new connections work again within 3 s', async (scope) => {
  const fixture = await startCluster(scope)
  const { cluster, serviceAddress } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  const before = await cluster.serving('web')
  const measure = new Measure()
  const clients = new Clients({ address: serviceAddress, port: 8080 }, measure)
  scope.defer(() => clients.stop())
  clients.start(10, 50)
  await pause(500)
  await cluster.kill(cluster.named(before.director.name))
  const after = await cluster.serving('web')
  await pause(1_500)
  await clients.stop()
  const { longestGapMs, perNode } = measure.summary()
  assert.is.not(after.director.name, before.director.name)
  assert.ok((after.term?.number ?? 0) > (before.term?.number ?? 0), 'the new term has a higher number')
  assert.ok(longestGapMs < 3_000, `${longestGapMs} ms without an answer`)
  assert.ok(Object.keys(perNode).length >= 2)
})

test('a killed node comes back as the next boot and serves again', async (scope) => {
  const fixture = await startCluster(scope)
  const { cluster } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  const { director } = await cluster.serving('web')
  const node = cluster.named(director.name)
  await cluster.kill(node)
  await cluster.serving('web')
  cluster.up(node)
  await cluster.answers(node)
  await cluster.settled()
  const view = await cluster.serving('web')
  assert.is(view.backends.length, 3, view.why)
})

test('a program stops: from 200 ms later no new connection goes there, and none fails', async (scope) => {
  const fixture = await startCluster(scope)
  const { serviceAddress } = fixture
  const programs = startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  const measure = new Measure()
  const clients = new Clients({ address: serviceAddress, port: 8080 }, measure)
  scope.defer(() => clients.stop())
  clients.start(10, 20)
  await pause(500)
  await programs.get('node2')?.stop()
  const stopped = performance.now()
  await pause(1_500)
  await clients.stop()
  const after = measure.summary(stopped + 200)
  assert.is(after.failed, 0, JSON.stringify(after.errors))
  assert.is(after.perNode['node2'], undefined)
  assert.ok(after.answered > 100, `${after.answered} answered`)
})

test('a program starts: it gets connections within 1 s', async (scope) => {
  const fixture = await startCluster(scope)
  const programs = startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  await programs.get('node2')?.stop()
  const measure = new Measure()
  const clients = new Clients({ address: fixture.serviceAddress, port: 8080 }, measure)
  scope.defer(() => clients.stop())
  await pause(400)
  clients.start(10, 20)
  startHello(scope, fixture, 8080, false, ['node2'])
  await pause(1_500)
  await clients.stop()
  assert.ok((measure.summary().perNode['node2'] ?? 0) > 0, 'node2 was given connections')
})

test('every node stopped and started: the service is still there', async (scope) => {
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
