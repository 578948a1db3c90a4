import { once } from 'node:events'
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { freePort } from '../peers/ports.js'
import { A, ADDRESS, ask, B, direct, echoAt, joinedLanes, LaneUnderTest, serviceOn } from './two-lanes.js'

const test = suite('lane/lane', 10_000)

test('a splice crosses the link and comes back; round robin takes both nodes in turn', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await Promise.all([A, B].map((node) => echoAt(scope, node, port, (socket) => void socket.end(node.slice(0, 1)))))
  await direct(pair, serviceOn(port), [A, B])
  const answers: string[] = []
  for (let i = 0; i < 4; i++) answers.push(await ask(port, 'x'))
  assert.equal(answers, ['a', 'b', 'a', 'b'])
  for (const lane of [pair.b, pair.a]) {
    const isIdle = async () => ((await lane.report()).active === 0 ? true : undefined)
    await until(isIdle, 2_000, 'nothing is left')
  }
  const { counters } = await pair.a.report()
  assert.equal([counters.accepted, counters.ended, counters.incidents], [4, 4, 0])
})

test('bytes and FIN go each their own way: a client that has ended still gets its answer', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(pair, serviceOn(port), [B])
  const text = 'y'.repeat(300_000)
  assert.is(await ask(port, text), text)
})

test('a program that resets resets the client; a client that resets resets the program', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  const programs: net.Socket[] = []
  await echoAt(scope, B, port, (socket) => {
    programs.push(socket)
    socket.once('data', (chunk) => {
      if (chunk.toString() === 'bye') socket.resetAndDestroy()
      else socket.write('kept')
    })
  })
  await direct(pair, serviceOn(port), [B])
  assert.is(await ask(port, 'bye'), 'ECONNRESET')
  const client = net.connect({ host: ADDRESS.service, port })
  client.write('stay')
  await once(client, 'data')
  const program = programs.at(-1)
  assert.ok(program)
  if (program === undefined) return
  program.resume()
  const ended = once(program, 'error')
  client.resetAndDestroy()
  const [error] = (await ended) as [NodeJS.ErrnoException]
  assert.is(error.code, 'ECONNRESET')
})

test('a node that refuses is passed over before the client notices; nobody left is an RST', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port, (socket) => void socket.end('b'))
  await direct(pair, serviceOn(port), [A, B])
  // Nothing listens at a, although it was said to.
  for (let i = 0; i < 4; i++) assert.is(await ask(port, 'x'), 'b')
  assert.is((await pair.a.report()).counters.retried, 2)
  pair.a.tell({ type: 'backends', service: 'web', seats: [] })
  assert.is(await ask(port, 'x'), 'ECONNRESET')
})

test('when the lease runs out nothing is accepted, read or written any more', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(pair, serviceOn(port), [B])
  const client = net.connect({ host: ADDRESS.service, port })
  const reset = new Promise<string>((resolve) =>
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')),
  )
  client.write('x')
  await once(client, 'data')
  pair.a.leases.set(0, undefined)
  client.write('y')
  assert.is(await reset, 'ECONNRESET')
  assert.is(await ask(port, 'x'), 'ECONNRESET')
})

test('a director of an earlier term is refused by the backends', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  // b has obeyed term 5 of another holder; then comes a with term 3.
  pair.b.tell({ type: 'services', services: [serviceOn(port)] })
  pair.b.tell({ type: 'direct', service: 'web', term: { number: 5, holder: B }, slot: 1 })
  await pair.b.hears('serving')
  pair.b.tell({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' })
  await direct(pair, serviceOn(port), [B], 3)
  assert.is(await ask(port, 'x'), 'ECONNRESET')
  const refused = pair.a.heard.find((message) => message.type === 'log' && message.event === 'backend-refused')
  assert.match(JSON.stringify(refused), /stale-term/)
})

test('the other lane ends: its clients are reset at once', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(pair, serviceOn(port), [B])
  const client = net.connect({ host: ADDRESS.service, port })
  const reset = new Promise<string>((resolve) =>
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')),
  )
  client.write('x')
  await once(client, 'data')
  pair.b.tell({ type: 'stop' })
  assert.is(await reset, 'ECONNRESET')
})

test('a changed definition keeps the ports that stay, and the splices on them', async (scope) => {
  const pair = await joinedLanes(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(pair, serviceOn(port), [B])
  const client = net.connect({ host: ADDRESS.service, port })
  client.write('1')
  await once(client, 'data')
  pair.a.tell({ type: 'services', services: [serviceOn(port, { idleMs: 3_600_000 })] })
  await pair.a.hears('serving')
  client.write('2')
  const [chunk] = (await once(client, 'data')) as [Buffer]
  assert.is(chunk.toString(), '2')
  client.destroy()
})

test('a port in use is told, and all ports are let go', async (scope) => {
  const lane = new LaneUnderTest(scope, A)
  const port = await freePort(ADDRESS.service)
  const other = net.createServer().listen(port, ADDRESS.service)
  await once(other, 'listening')
  scope.defer(() => void other.close())
  lane.tell({ type: 'services', services: [serviceOn(port)] })
  lane.tell({ type: 'direct', service: 'web', term: { number: 1, holder: A }, slot: 0 })
  const { code, at } = await lane.hears('cannot-serve')
  assert.equal([code, at], ['EADDRINUSE', { address: ADDRESS.service, port }])
})

test('who does not know a link’s keys gets no further', async (scope) => {
  const lane = new LaneUnderTest(scope, B)
  lane.tell({ type: 'listen-data', port: 0 })
  const { at } = await lane.hears('data-listening')
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', `BTND\x01\x28${'x'.repeat(40)}`]) {
    const stranger = net.connect({ host: at.address, port: at.port })
    const gone = new Promise<string>((resolve) => stranger.on('close', () => resolve('closed')).on('error', () => {}))
    stranger.write(bytes, 'latin1')
    assert.is(await gone, 'closed')
  }
})

test.run()
