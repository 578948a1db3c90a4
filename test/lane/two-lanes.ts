/** Two real lanes in one process, joined by a sealed data link over loopback. */

import { once } from 'node:events'
import net from 'node:net'
import type { Endpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import { realClock } from '../../src/base/real-clock.io.js'
import { NetSockets } from '../../src/kernel/net-endpoint.io.js'
import { until } from '../../src/lab/wait.io.js'
import { Lane } from '../../src/lane/lane.js'
import type { FromLane, ToLane } from '../../src/proxy/lane-protocol.js'
import type { LaneReport } from '../../src/proxy/lane-report.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { countersMemory, sumOfCounters } from '../../src/proxy/shared-counters.js'
import { randomBytes } from '../../src/trunk/keys.io.js'
import { recordBuffers } from '../../src/trunk/record.js'
import { seals } from '../../src/trunk/seals.io.js'
import type { Scope } from '../harness/suite.js'

export const clock = realClock()
export const A = 'a'.repeat(32)
export const B = 'b'.repeat(32)
/** A block of loopback for each process that runs tests. */
const BLOCK = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}`
export const ADDRESS = { [A]: `${BLOCK}.201`, [B]: `${BLOCK}.202`, service: `${BLOCK}.203` } as const

export class LaneUnderTest {
  readonly heard: FromLane[] = []
  readonly leases: LeaseSlots
  readonly lane: Lane
  #query = 0

  constructor(
    scope: Scope,
    readonly node: string,
  ) {
    const memory = LeaseSlots.bytes()
    this.leases = new LeaseSlots(memory)
    this.lane = new Lane({
      setup: {
        lane: 0,
        lanes: 1,
        node,
        name: node.slice(0, 1),
        boot: 1,
        address: ADDRESS[node] ?? '',
        engine: 'net',
        seed: 1,
        logLevel: 'debug',
        leases: memory,
        counters: countersMemory(),
      },
      clock,
      random: new Prng(1),
      sockets: new NetSockets(),
      seals,
      leases: this.leases,
      counters: sumOfCounters([]),
      pool: new RetentionPool(),
      buffers: recordBuffers(),
      post: (message) => this.heard.push(message),
      soon: (afterMs, task) => void setTimeout(task, afterMs).unref(),
      defer: (task) => setImmediate(task),
    })
    const sweep = setInterval(() => this.lane.sweep(clock.now()), 50)
    scope.defer(() => {
      clearInterval(sweep)
      this.tell({ type: 'stop' })
    })
  }

  tell(message: ToLane): void {
    this.lane.receive(message)
  }

  /** The next message of that type, taken out. */
  hears<T extends FromLane['type']>(type: T): Promise<Extract<FromLane, { type: T }>> {
    return until(
      () => {
        const at = this.heard.findIndex((message) => message.type === type)
        return at < 0 ? undefined : (this.heard.splice(at, 1)[0] as Extract<FromLane, { type: T }>)
      },
      3_000,
      () => `lane says ${type}; it said ${JSON.stringify(this.heard).slice(0, 2_000)}`,
      5,
    )
  }

  async report(): Promise<LaneReport> {
    this.tell({ type: 'query', query: ++this.#query, limit: 100 })
    return (await this.hears('answer')).report
  }
}

export interface Pair {
  readonly a: LaneUnderTest
  readonly b: LaneUnderTest
}

export async function joinedLanes(scope: Scope): Promise<Pair> {
  const [a, b] = [new LaneUnderTest(scope, A), new LaneUnderTest(scope, B)]
  b.tell({ type: 'listen-data', port: 0 })
  const { at } = await b.hears('data-listening')
  await join({ a, b }, at)
  return { a, b }
}

/** As the control plane does: fresh keys for both, and a dials. */
export async function join({ a, b }: Pair, at: Endpoint): Promise<void> {
  const [linkId, one, two] = [randomBytes(16), randomBytes(32), randomBytes(32)]
  b.tell({
    type: 'link-expect',
    peer: { node: A, name: 'a' },
    pair: 0,
    keys: { linkId, out: two.slice(), in: one.slice(), suite: 'aes-256-gcm' },
  })
  a.tell({
    type: 'link-dial',
    peer: { node: B, name: 'b' },
    pair: 0,
    keys: { linkId, out: one.slice(), in: two.slice(), suite: 'aes-256-gcm' },
    to: at,
  })
  await Promise.all([a.hears('link-up'), b.hears('link-up')])
}

export function serviceOn(port: number, settings: Partial<Service> = {}): Service {
  const ports = [{ first: port, last: port }]
  return { name: 'web', address: ADDRESS.service, ports, ...SERVICE_DEFAULTS, ...settings }
}

/** An echo program at that node, on a port that its test chooses. */
export async function echoAt(
  scope: Scope,
  node: string,
  port: number,
  serve = (socket: net.Socket) => void socket.pipe(socket),
): Promise<void> {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(port, ADDRESS[node])
  await once(server, 'listening')
  scope.defer(() => void server.close())
}

/** a directs; `serving` lists the nodes that listen. */
export async function direct({ a, b }: Pair, service: Service, serving: readonly string[], term = 1): Promise<void> {
  const port = service.ports[0]?.first ?? 0
  for (const lane of [a, b]) {
    lane.tell({ type: 'services', services: [service] })
    const address = ADDRESS[lane.node] ?? ''
    lane.tell({ type: 'local-listeners', listeners: serving.includes(lane.node) ? [{ port, address }] : [] })
  }
  a.tell({ type: 'backends', service: 'web', seats: serving.map((node) => ({ node, name: node.slice(0, 1), port })) })
  a.leases.set(0, clock.now() + 60_000)
  a.tell({ type: 'direct', service: 'web', term: { number: term, holder: A }, slot: 0 })
  await a.hears('serving')
}

/** What a client gets back, or how its connection ended. */
export async function ask(port: number, text: string): Promise<string> {
  const socket = net.connect({ host: ADDRESS.service, port })
  let answer = ''
  return new Promise((resolve) => {
    socket.on('connect', () => socket.end(text))
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.on('close', () => resolve(answer))
  })
}
