import { createHash } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { Prng } from '../../src/base/prng.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { freePort } from '../peers/ports.js'
import { Relay } from './relay.js'
import { A, ADDRESS, ask, B, direct, echoAt, join, LaneUnderTest, type Pair, serviceOn } from './two-lanes.js'

const test = suite('lane/resume', 30_000)

/** Two lanes whose link goes through a relay and is made anew whenever it breaks. */
async function lanesOverRelay(scope: Scope): Promise<Pair & { relay: Relay }> {
  const [a, b] = [new LaneUnderTest(scope, A), new LaneUnderTest(scope, B)]
  b.tell({ type: 'listen-data', port: 0 })
  const { at } = await b.hears('data-listening')
  const relay = await Relay.to(scope, at)
  await join({ a, b }, relay.at)
  return { a, b, relay }
}

async function mend({ a, b, relay }: Pair & { relay: Relay }): Promise<void> {
  await a.hears('link-down')
  await join({ a, b }, relay.at)
}

/** Sends random bytes and reads its own back; what came is compared by hash. */
async function echo(port: number, seed: number, bytes: number): Promise<boolean> {
  const random = new Prng(seed)
  const [sent, got] = [createHash('sha256'), createHash('sha256')]
  const socket = net.connect({ host: ADDRESS.service, port })
  let heard = 0
  socket.on('data', (chunk) => {
    heard += chunk.byteLength
    got.update(chunk)
  })
  const ended = once(socket, 'end')
  for (let left = bytes; left > 0; ) {
    const chunk = random.bytes(Math.min(left, 1 + random.below(20_000)))
    sent.update(chunk)
    left -= chunk.byteLength
    if (!socket.write(chunk)) await once(socket, 'drain')
  }
  socket.end()
  await ended
  return heard === bytes && got.digest('hex') === sent.digest('hex')
}

test('a link that breaks again and again under load loses and doubles no byte, and no client notices', async (scope) => {
  const lanes = await lanesOverRelay(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(lanes, serviceOn(port), [B])
  const random = new Prng(7)
  let breaks = 0
  let nextAt = 50_000
  lanes.relay.onBytes = () => {
    if (lanes.relay.bytes < nextAt || breaks === 20) return
    breaks++
    nextAt = 20_000 + random.below(400_000)
    lanes.relay.break()
    void mend(lanes)
  }
  const whole = await Promise.all(Array.from({ length: 8 }, (_, i) => echo(port, i + 1, 1_000_000)))
  assert.ok(whole.every(Boolean), 'all bytes came back, in order')
  assert.is(breaks, 20)
  for (const lane of [lanes.a, lanes.b]) {
    const isIdle = async () => {
      const { active, counters } = await lane.report()
      return active === 0 && counters.retained === 0 ? true : undefined
    }
    await until(isIdle, 5_000, 'nothing is left, and nothing kept')
  }
  const { counters } = await lanes.a.report()
  assert.equal([counters.incidents, counters.reset, counters.ended], [0, 0, 8])
  assert.ok(counters.resumed >= 20, `${counters.resumed} times a splice went on`)
})

test('a reset and an end that come to be said while there is no link arrive with the next one', async (scope) => {
  const lanes = await lanesOverRelay(scope)
  const port = await freePort(ADDRESS.service)
  const programs: net.Socket[] = []
  await echoAt(scope, B, port, (socket) => {
    programs.push(socket)
    socket.on('data', () => socket.write('k'))
  })
  await direct(lanes, serviceOn(port), [B])
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = net.connect({ host: ADDRESS.service, port, allowHalfOpen: true })
      client.on('error', () => {})
      client.write('x')
      await once(client, 'data')
      return client
    }),
  )
  const [resets, ends, waits, answered] = clients as [net.Socket, net.Socket, net.Socket, net.Socket]
  const byPort = (client: net.Socket, list: readonly net.Socket[]) => list[clients.indexOf(client)] as net.Socket
  const order = await programsInOrder(clients, programs)
  const [resetSeen, endSeen] = [once(byPort(resets, order), 'error'), once(byPort(ends, order), 'end')]
  lanes.relay.break()
  await lanes.a.hears('link-down')
  resets.resetAndDestroy()
  ends.end('last')
  const answer = once(answered, 'data')
  byPort(answered, order).write('while away')
  await join(lanes, lanes.relay.at)
  const [error] = (await resetSeen) as [NodeJS.ErrnoException]
  assert.is(error.code, 'ECONNRESET')
  await endSeen
  assert.is(String((await answer)[0]), 'while away')
  waits.write('x')
  assert.is(String((await once(waits, 'data'))[0]), 'k', 'and one that had nothing to say goes on')
  for (const socket of [...clients, ...programs]) socket.destroy()
})

/** Which program serves which client: each client says its number, and the program that hears it is its own. */
async function programsInOrder(clients: readonly net.Socket[], programs: readonly net.Socket[]): Promise<net.Socket[]> {
  const order: net.Socket[] = []
  for (const client of clients) {
    const heard = Promise.race(programs.map(async (program) => [program, await once(program, 'data')] as const))
    const answer = once(client, 'data')
    client.write('?')
    order.push((await heard)[0])
    await answer
  }
  return order
}

test('a node that is gone is not waited for: its clients are reset at once', async (scope) => {
  const lanes = await lanesOverRelay(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(lanes, serviceOn(port), [B])
  const client = net.connect({ host: ADDRESS.service, port })
  const reset = once(client, 'error')
  client.write('x')
  await once(client, 'data')
  lanes.relay.break()
  await lanes.a.hears('link-down')
  lanes.a.tell({ type: 'peer-gone', peer: B, hasEnded: true })
  await reset
  lanes.b.tell({ type: 'peer-gone', peer: A, hasEnded: true })
  assert.equal([(await lanes.a.report()).active, (await lanes.b.report()).active], [0, 0])
})

test('a client whose OPEN was lost with the link is served when there is one again, and no program is left over', async (scope) => {
  const lanes = await lanesOverRelay(scope)
  const port = await freePort(ADDRESS.service)
  const programs: net.Socket[] = []
  await echoAt(scope, B, port, (socket) => {
    programs.push(socket)
    socket.pipe(socket)
  })
  await direct(lanes, serviceOn(port), [B])
  // It breaks with the OPEN, or its answer, on the way; there is no other node.
  lanes.relay.onBytes = () => {
    lanes.relay.onBytes = () => {}
    lanes.relay.break()
  }
  const answer = ask(port, 'x')
  await mend(lanes)
  assert.is(await answer, 'x')
  const isIdle = async () => ((await lanes.b.report()).active === 0 ? true : undefined)
  await until(isIdle, 3_000, 'nothing is left at b')
})

test('a node that was thought to be dead, whose link stood all the time: when that breaks later, its splices go on over the next', async (scope) => {
  const lanes = await lanesOverRelay(scope)
  const port = await freePort(ADDRESS.service)
  await echoAt(scope, B, port)
  await direct(lanes, serviceOn(port), [B])
  const client = net.connect({ host: ADDRESS.service, port })
  let error = ''
  client.on('error', (problem) => {
    error = problem.message
  })
  client.write('x')
  await once(client, 'data')
  lanes.a.tell({ type: 'peer-gone', peer: B, hasEnded: false })
  client.write('y')
  await once(client, 'data')
  lanes.relay.break()
  await mend(lanes)
  client.write('z')
  await Promise.race([once(client, 'data').catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1_000))])
  client.destroy()
  assert.is(error, '')
})

test.run()
