/** A client that floods one service: docs/security.md. */
import http from 'node:http'
import net from 'node:net'
import { addService, startCluster, startHello } from '../cluster/fixture.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('security/service-flood', 60_000)
const [FLOODED, OTHER] = [8_081, 8_082]
const HELD = 1_000
const ASKED = 20

function ask(host: string, port: number): Promise<number> {
  const at = performance.now()
  return new Promise((resolve, reject) => {
    const request = http.get({ host, port, agent: false, timeout: 10_000 }, (response) => {
      response.resume().once('end', () => resolve(performance.now() - at))
    })
    request.once('error', reject)
    request.once('timeout', () => request.destroy(new Error('no answer within 10 s')))
  })
}

test('a thousand connections that say nothing, and as many that come and go: another service is answered, nobody loses a lease', async (scope) => {
  const fixture = await startCluster(scope, 1, ['--cipher', 'secretstream', '--lanes', '1'])
  const { cluster, serviceAddress } = fixture
  startHello(scope, fixture, FLOODED)
  startHello(scope, fixture, OTHER)
  await addService(fixture, 'flooded', `${FLOODED}`, 1, '--own', 'none', '--node-connections', '50')
  await addService(fixture, 'other', `${OTHER}`, 1, '--own', 'none')
  const [node] = cluster.nodes
  const terms = async () => (await node?.client.services())?.map(({ term }) => term?.number)
  const before = await terms()
  const sockets = new Set<net.Socket>()
  let isOver = false
  scope.defer(() => {
    isOver = true
    for (const socket of sockets) socket.destroy()
  })
  const connect = () => {
    const socket = net.connect(FLOODED, serviceAddress)
    sockets.add(socket.on('error', () => {}).resume())
    socket.on('close', () => {
      sockets.delete(socket)
      // Whoever is turned away comes again.
      if (!isOver) setTimeout(() => !isOver && connect(), 5)
    })
    if (sockets.size % 2 === 0) socket.once('connect', () => setTimeout(() => socket.destroy(), 20))
  }
  for (let i = 0; i < HELD; i++) connect()
  const waits: number[] = []
  for (let i = 0; i < ASKED; i++) waits.push(await ask(serviceAddress, OTHER))
  assert.ok(Math.max(...waits) < 5_000, waits.map((ms) => ms.toFixed(0)).join(' '))
  assert.equal(await terms(), before)
})

test.run()
