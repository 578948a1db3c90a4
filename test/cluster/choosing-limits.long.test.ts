/** Limits, the queue, programs that do not answer and the sorry backend: with real nodes, programs and clients. */
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { Callers, countNodes, hangUp } from './callers.js'
import { Bench } from './choosing-bench.js'
import { addService } from './fixture.js'

const test = suite('cluster/choosing-limits', 60_000)

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

test.run()
