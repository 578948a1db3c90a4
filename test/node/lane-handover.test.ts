/** Lanes in their threads, whose sockets and state go to other lanes while clients talk: both kinds of halves, and local splices. */
import { once } from 'node:events'
import net from 'node:net'
import { Prng } from '../../src/base/prng.js'
import { realClock } from '../../src/base/real-clock.io.js'
import { loadControlCalls } from '../../src/kernel/control-calls.io.js'
import { loadEpoll } from '../../src/kernel/epoll-endpoint.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { LaneGroup } from '../../src/node/lanes/lane-group.io.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { randomBytes } from '../../src/trunk/keys.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { A, B, service } from './sample.js'

const test = suite('node/lane-handover', 30_000)
const BLOCK = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}`
const ADDRESS: Record<string, string> = { [A]: `${BLOCK}.206`, [B]: `${BLOCK}.207` }
const PORT = 8_085
const WEB = { ...service('web', PORT), address: `${BLOCK}.208`, local: 'equal' as const }
const LANES = 2
const TERM = { number: 1, holder: A }
const CLIENTS = 18
/** Lanes are threads of built code. */
const BUILT = new URL('../../dist/node/lanes/lane-group.io.js', import.meta.url).href
const clock = realClock()

class Process {
  readonly heard: FromLane[] = []
  readonly logged: string[] = []

  private constructor(
    readonly node: string,
    readonly group: LaneGroup,
    heard: FromLane[],
    logged: string[],
  ) {
    this.heard = heard
    this.logged = logged
  }

  static async start(scope: Scope, node: string, inherits = false): Promise<Process> {
    const epoll = loadEpoll()
    if ('why' in epoll) throw new Error(epoll.why)
    const [heard, logged]: [FromLane[], string[]] = [[], []]
    const leases = LeaseSlots.bytes()
    for (let slot = 0; slot < 10; slot++) new LeaseSlots(leases).set(slot, Number.MAX_SAFE_INTEGER)
    const { LaneGroup: Built } = (await import(BUILT)) as { LaneGroup: typeof LaneGroup }
    const group = new Built({
      engine: { name: 'epoll', lanes: LANES, why: '', wake: (fd) => epoll.wake(fd) },
      node,
      name: node.slice(0, 1),
      boot: 1,
      address: ADDRESS[node] ?? '',
      seed: () => 1,
      leases,
      inherits,
      logger: { log: (_level, event, fields) => void logged.push(`${event} ${JSON.stringify(fields)}`) },
      logLevel: 'debug',
      onMessage: (message) => heard.push(message),
      onDeath: (_lane, error) => void Promise.reject(error),
      members: () => [],
    })
    scope.defer(() => group.stop(500))
    const one = new Process(node, group, heard, logged)
    await group.awake()
    group.post({ type: 'services', services: [WEB] })
    const address = ADDRESS[node] ?? ''
    group.post({ type: 'local-listeners', listeners: [{ port: PORT, address }] })
    return one
  }

  direct(nodes: readonly string[]): void {
    const seats = nodes.map((node) => ({ node, name: node.slice(0, 1), port: PORT }))
    this.group.post({ type: 'backends', service: 'web', seats })
    this.group.post({ type: 'direct', service: 'web', term: TERM, slot: 1 })
  }

  hears(type: FromLane['type'], times = 1): Promise<FromLane> {
    return until(
      () => this.heard.filter((message) => message.type === type)[times - 1],
      5_000,
      () => `${this.node.slice(0, 1)} says ${type} ${times} times: ${this.logged.slice(-5)}`,
      2,
    )
  }
}

/** One link for each lane of a node that dials. */
function join(from: Process, to: Process, dataAt: readonly net.AddressInfo[]): void {
  for (let pair = 0; pair < LANES; pair++) {
    const [linkId, one, two] = [randomBytes(16), randomBytes(32), randomBytes(32)]
    const name = (node: string) => ({ node, name: node.slice(0, 1) })
    const expected = { linkId, out: two.slice(), in: one.slice(), suite: 'aes-256-gcm' } as const
    to.group.post({ type: 'link-expect', peer: name(from.node), pair, keys: expected })
    const { address = '', port = 0 } = dataAt[pair] ?? {}
    const keys = { linkId, out: one.slice(), in: two.slice(), suite: 'aes-256-gcm' } as const
    from.group.post({ type: 'link-dial', peer: name(to.node), pair, keys, to: { address, port } })
  }
}

/** All that `old` has goes to `heir`, as from one process to another: by descriptors of its own. */
async function handOver(old: Process, heir: Process): Promise<number> {
  const calls = loadControlCalls()
  if ('why' in calls) throw new Error(calls.why)
  const handed = old.group.handOver()
  let rows = 0
  const reading: Promise<number>[] = []
  const given: number[] = []
  for (const [lane, from] of handed.entries()) {
    for (let isLast = false; !isLast; ) {
      const batch = from.next(2_000)
      if (batch === undefined || 'why' in batch) throw new Error(batch?.why ?? 'in time')
      reading.push(
        heir.group.inherit(
          lane,
          batch.bytes,
          batch.fds.map((fd) => calls.duplicateFrom(fd, 0)),
        ),
      )
      given.push(...batch.fds)
      isLast = batch.isLast
    }
  }
  for (const count of await Promise.all(reading)) rows += count
  for (const lane of handed) lane.leave(1_000)
  // As the end of the process does it.
  for (const fd of given) calls.close(fd)
  return rows
}

class Client {
  answers = 0
  fault = ''
  readonly #random: Prng
  #expected = Buffer.alloc(0)
  readonly #socket: net.Socket

  constructor(number: number) {
    this.#random = new Prng(number)
    this.#socket = net.connect({ host: WEB.address, port: PORT, noDelay: true })
    this.#socket.on('connect', () => this.#ask())
    this.#socket.on('data', (chunk) => this.#hear(chunk))
    this.#socket.on('error', (error) => this.#fail(error.message))
    this.#socket.on('close', () => this.#fail('closed'))
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #ask(): void {
    this.#expected = Buffer.from(
      this.#random.bytes(1 + this.#random.below(this.#random.chance(0.05) ? 400_000 : 3_000)),
    )
    this.#socket.write(this.#expected)
  }

  #hear(chunk: Buffer): void {
    if (!chunk.equals(this.#expected.subarray(0, chunk.byteLength))) return this.#fail('wrong bytes')
    this.#expected = this.#expected.subarray(chunk.byteLength)
    if (this.#expected.byteLength > 0) return
    this.answers++
    this.#ask()
  }

  #fail(why: string): void {
    if (this.fault === '') this.fault = why
  }
}

async function echoAt(scope: Scope, node: string): Promise<void> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(PORT, ADDRESS[node])
  await once(server, 'listening')
  scope.defer(() => void server.close())
}

async function talked(clients: readonly Client[], times: number): Promise<void> {
  const before = clients.map(({ answers }) => answers)
  await until(
    () =>
      clients.every(({ answers, fault }, i) => fault !== '' || answers >= (before[i] ?? 0) + times) ? true : undefined,
    10_000,
    () => `all clients talk: ${clients.map(({ answers, fault }) => `${answers} ${fault}`)}`,
    2,
  )
  assert.equal(
    clients.filter(({ fault }) => fault !== '').map(({ fault }) => fault),
    [],
  )
}

function closeAll(clients: readonly Client[]): void {
  for (const client of clients) client.close()
}

async function listening(one: Process): Promise<net.AddressInfo[]> {
  return (await one.group.listen(0)).map(({ address, port }) => ({ address, port, family: 'IPv4' }))
}

if (process.platform === 'linux') {
  test('a handover that comes to nothing leaves the lanes as they were', async (scope) => {
    const a = await Process.start(scope, A)
    await listening(a)
    await echoAt(scope, A)
    a.direct([A])
    await a.hears('serving')
    const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(i + 1))
    scope.defer(() => closeAll(clients))
    await talked(clients, 5)
    for (let round = 0; round < 2; round++) {
      const handed = a.group.handOver()
      for (const lane of handed) assert.ok(lane.next(2_000) !== undefined)
      for (const lane of handed) lane.goOn()
      await talked(clients, 10)
    }
  })

  test('the director, and then a node that serves, are replaced under talking clients: nobody notices', async (scope) => {
    let [a, b] = [await Process.start(scope, A), await Process.start(scope, B)]
    const [atA, atB] = [await listening(a), await listening(b)]
    for (const node of [A, B]) await echoAt(scope, node)
    join(a, b, atB)
    await Promise.all([a.hears('link-up', LANES), b.hears('link-up', LANES)])
    a.direct([A, B])
    await a.hears('serving')
    const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(i + 1))
    scope.defer(() => closeAll(clients))
    await talked(clients, 5)
    const perBackend = (await a.group.query(0)).perBackend.map(({ splices }) => splices)
    assert.ok(
      perBackend.length === 2 && perBackend.every((count) => count >= CLIENTS / 3),
      `here and there: ${perBackend}`,
    )
    for (let round = 0; round < 2; round++) {
      const heir = await Process.start(scope, A, true)
      heir.direct([A, B])
      const from = clock.now()
      const rows = await handOver(a, heir)
      heir.group.post({ type: 'take-over' })
      assert.ok(rows >= (CLIENTS * 4) / 3, `${rows} rows`)
      await a.group.stop(0)
      a = heir
      join(a, b, atB)
      await talked(clients, 10)
      assert.ok(clock.now() - from < 10_000)
      const other = await Process.start(scope, B, true)
      await handOver(b, other)
      other.group.post({ type: 'take-over' })
      await b.group.stop(0)
      b = other
      join(a, b, atB)
      await talked(clients, 10)
    }
    const more = new Client(99)
    scope.defer(() => more.close())
    await talked([...clients, more], 5)
    const report = await a.group.query(0)
    assert.is(report.active, CLIENTS + 1)
    assert.equal([report.counters.reset, report.counters.incidents], [0, 0])
    assert.is(report.counters.accepted, CLIENTS + 1, 'counted on')
    assert.ok(atA.length === LANES)
  })
}

test.run()
