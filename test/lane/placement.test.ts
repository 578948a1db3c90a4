/** Clients of one directed service and its nodes: limit, queue, sorry backend, and what becomes of those whose node is lost. */
import { Roll } from '../../src/base/roll.js'
import { Placement } from '../../src/lane/placement.js'
import { Seats } from '../../src/lane/seats.js'
import { type Attempt, ClientHalf, type ClientHost } from '../../src/proxy/client-half.js'
import type { BackendSeat } from '../../src/proxy/lane-protocol.js'
import type { Reason } from '../../src/proxy/reasons.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { Pipe } from '../proxy/pipe.js'
import { fakeContext } from './fake-context.js'

const test = suite('lane/placement')
const SELF = 'a'.repeat(32)
const ENDS = { local: { address: '192.0.2.3', port: 1 }, remote: { address: '192.0.2.3', port: 80 } }
const UNHEALTHY = { state: 'unhealthy' } as const

class Room {
  now = 0
  readonly clients = new Roll<ClientHalf>()
  readonly seats = new Seats(SELF)
  readonly finished: (Reason | undefined)[] = []
  readonly asked: string[] = []
  readonly placement: Placement
  readonly #host: ClientHost
  /** What was put off to the end of the turn is kept until `endTurn`. */
  isHolding = false
  readonly tasks: (() => void)[] = []
  /** Nodes that refuse. */
  refusing = new Set<string>()

  constructor(settings: Partial<Service>, nodes = 'bc') {
    const service: Service = {
      ...SERVICE_DEFAULTS,
      name: 'web',
      address: '192.0.2.10',
      ports: [{ first: 80, last: 80 }],
      ...settings,
    }
    const lane = { sockets: { engine: 'fake', dial: none, listen: none } }
    Object.defineProperty(lane, 'now', { get: () => this.now })
    const fake = fakeContext(lane as typeof lane & { readonly now: number }, SELF)
    const context = { ...fake, defer: (task: () => void) => (this.isHolding ? void this.tasks.push(task) : task()) }
    this.tell(nodes)
    this.placement = new Placement(service, context, this.seats, this.clients)
    this.#host = {
      clock: context.clock,
      pool: context.pool,
      gate: { isOpen: () => true },
      service,
      term: { number: 1, holder: SELF },
      begunAt: 0,
      places: this.placement,
      open: (client, to, { sorry }): Attempt | undefined => {
        this.asked.push(sorry === undefined ? to.name : 'sorry')
        if (!this.refusing.has(to.name)) return { counterpart: new Pipe(true), cancel: () => {} }
        client.onRefused('connect-refused', '')
        return undefined
      },
      onJoined: () => {},
      onRetried: () => {},
      onUnsettled: () => {},
      onIncident: () => {},
      onFinished: (client, reason) => {
        this.finished.push(reason)
        this.clients.delete(client)
        this.placement.onFinished(client)
      },
    }
  }

  /** Who serves now, each letter a node. */
  tell(nodes: string, more: Readonly<Record<string, Partial<BackendSeat>>> = {}, quorate = true): void {
    const seats = [...nodes].map((name) => ({ node: name.repeat(32), name, port: 80, ...more[name] }))
    this.seats.set({ type: 'backends', service: 'web', seats, quorate })
    this.placement?.followSeats()
  }

  /** A client comes, and is served if a node was asked. */
  come(): ClientHalf {
    const client = new ClientHalf({ node: SELF, boot: 1, counter: 1 }, new FakeSocket(), this.#host)
    this.clients.add(client)
    client.choose()
    this.open()
    return client
  }

  open(): void {
    for (const client of this.clients) if (client.isDialing) client.onOpened(1_000, ENDS, new Pipe(true))
  }

  end(client: ClientHalf | undefined): void {
    client?.half.abort('peer-reset')
    this.open()
  }

  endTurn(): void {
    for (const task of this.tasks.splice(0)) task()
    this.open()
  }

  pass(ms: number): void {
    this.now += ms
    this.placement.sweep(this.now)
    for (const client of this.clients) if (client.isUnserved) client.expire(this.now)
  }

  get where(): string {
    const names = [...this.clients].map(({ node, isWaiting }) => (isWaiting ? 'q' : (node?.name ?? '-')))
    return names.sort().join('')
  }
}

function none(): never {
  throw new Error('there is no network')
}

test('limit and queue: who comes first is served first when a node has room', () => {
  const room = new Room({ nodeConnections: 1, queue: 2 })
  const clients = Array.from({ length: 4 }, () => room.come())
  assert.equal([room.where, room.placement.report.waiting], ['bcqq', 2])
  room.come()
  assert.equal(room.finished, ['queue-full'])
  room.end(clients[0])
  assert.equal([room.where, clients[2]?.served, clients[3]?.isWaiting], ['bcq', true, true])
  room.end(clients[1])
  assert.equal([room.where, clients[3]?.served], ['bc', true])
  const { waiting, queued, queueFull } = room.placement.report
  assert.equal({ waiting, queued, queueFull }, { waiting: 0, queued: 2, queueFull: 1 })
})

test('queue: nobody overtakes, and who has gone is passed over', () => {
  const room = new Room({ nodeConnections: 1 }, 'b')
  const [served, second, third] = [room.come(), room.come(), room.come()]
  room.end(second)
  room.end(served)
  assert.ok(third.served)
  assert.is(room.come().isWaiting, true)
  room.tell('bd')
  room.open()
  assert.is(room.where, 'bd', 'a new node calls them as well')
})

test('queue: who comes in the turn in which a place is given free does not get it', () => {
  const room = new Room({ nodeConnections: 1 }, 'b')
  const [served, waiting] = [room.come(), room.come()]
  room.isHolding = true
  room.end(served)
  const late = room.come()
  assert.equal([waiting.served, late.served], [false, false])
  room.endTurn()
  assert.equal([waiting.served, late.isWaiting], [true, true])
})

test('queue: one that some nodes have refused waits for the others, and not before those who may have them', () => {
  const room = new Room({ nodeConnections: 1, scheduler: 'first' })
  room.come()
  room.refusing = new Set('c')
  const refused = room.come()
  assert.ok(refused.isWaiting)
  room.refusing = new Set()
  assert.is(room.come().node?.name, 'c')
  assert.equal([refused.isWaiting, room.where], [true, 'bcq'])
})

test('queue: its time is limited', () => {
  const room = new Room({ nodeConnections: 1, queueMs: 1_000 }, 'b')
  room.come()
  room.come()
  room.pass(999)
  assert.equal(room.finished, [])
  room.pass(1)
  assert.equal([room.finished, room.placement.report.queueTimeouts, room.where], [['queue-timeout'], 1, 'b'])
})

test('queue 0: nobody waits', () => {
  const room = new Room({ nodeConnections: 1, queue: 0 }, 'b')
  room.come()
  room.come()
  assert.equal(room.finished, ['queue-full'])
})

test('redispatch: another node before the client notices, and what was refused counts nowhere', () => {
  const room = new Room({ scheduler: 'least-connections' }, 'bcd')
  room.refusing = new Set('b')
  for (let i = 0; i < 20; i++) room.come()
  assert.equal([room.where, room.finished], ['c'.repeat(10) + 'd'.repeat(10), []])
  assert.ok(room.asked.includes('b'))
})

test('the sorry backend: when nobody is there, when all refuse, when the quorum is lost; and never otherwise', () => {
  const room = new Room({ sorry: '192.0.2.9:8080' })
  assert.is(room.come().node?.sorry, undefined)
  room.refusing = new Set('bc')
  assert.equal(room.come().node?.sorry, { address: '192.0.2.9', port: 8080 })
  room.refusing = new Set()
  room.tell('')
  assert.ok(room.come().node?.sorry)
  room.tell('b', {}, false)
  assert.ok(room.come().node?.sorry)
  room.tell('b')
  assert.is(room.come().node?.sorry, undefined)
  assert.is(room.placement.report.sorry, 3)
})

test('the quorum is lost and there is no sorry backend: those that are left serve', () => {
  const room = new Room({ quorum: 2 })
  room.tell('b', {}, false)
  assert.is(room.come().node?.name, 'b')
})

test('an unhealthy node: connections are kept, or closed one by one over the span', () => {
  const kept = new Room({})
  kept.come()
  kept.tell('b', { b: UNHEALTHY })
  kept.pass(60_000)
  assert.equal(kept.finished, [])
  const room = new Room({ onUnhealthy: 'all', closeOverMs: 10_000 }, 'b')
  for (let i = 0; i < 200; i++) room.come()
  room.tell('b', { b: UNHEALTHY })
  const left: number[] = []
  for (let second = 0; second < 10; second++) {
    room.pass(1_000)
    left.push(room.clients.size)
  }
  // Evenly: after each second a tenth more, of 200 drawn at random.
  for (const [i, count] of left.entries()) assert.ok(Math.abs(count - (180 - 20 * i)) <= 30, left.join(' '))
  assert.equal([room.clients.size, new Set(room.finished)], [0, new Set(['backend-unhealthy'])])
})

test('only idle ones are closed where the service says so; busy ones when they fall silent', () => {
  const room = new Room({ onUnhealthy: 'idle', closeOverMs: 0, closeIdleMs: 2_000 }, 'b')
  const [idle, busy] = [room.come(), room.come()]
  room.pass(3_000)
  busy.half.receiveData(0, Uint8Array.of(1))
  room.tell('b', { b: UNHEALTHY })
  room.pass(1_000)
  assert.equal([idle.half.isClosed, busy.half.isClosed], [true, false])
  room.pass(1_500)
  assert.ok(busy.half.isClosed)
})

test('a node that is well again keeps what it has left; one that does not serve any more is another matter', () => {
  const room = new Room({ onUnhealthy: 'all', onRemoved: 'keep', closeOverMs: 10_000 }, 'b')
  room.come()
  room.tell('b', { b: UNHEALTHY })
  assert.is(room.placement.report.closing, 1)
  room.tell('b')
  assert.is(room.placement.report.closing, 0)
  room.tell('')
  room.pass(60_000)
  assert.equal(room.finished, [])
  const other = new Room({ onRemoved: 'all', closeOverMs: 0 }, 'b')
  other.come()
  other.tell('c')
  other.pass(100)
  assert.equal(other.finished, ['backend-removed'])
})

test.run()
