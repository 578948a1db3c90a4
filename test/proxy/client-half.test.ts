import {
  ATTEMPTS_MAX,
  type Attempt,
  ClientHalf,
  type ClientHost,
  type OpenRequest,
} from '../../src/proxy/client-half.js'
import { BEGINNING } from '../../src/proxy/half-tools.js'
import type { NodeName } from '../../src/proxy/lane-protocol.js'
import type { Reason } from '../../src/proxy/reasons.js'
import { RetentionPool } from '../../src/proxy/retention-pool.js'
import { SERVICE_DEFAULTS } from '../../src/proxy/service.js'
import { assert, suite } from '../harness/suite.js'
import { FakePlaces } from './fake-places.js'
import { FakeSocket } from './fake-socket.js'
import { Pipe } from './pipe.js'

const test = suite('proxy/client-half')

const HERE = { address: '192.0.2.3', port: 1 }
const THERE = { address: '192.0.2.3', port: 80 }
const service = { name: 'web', address: '192.0.2.10', ports: [{ first: 80, last: 80 }], ...SERVICE_DEFAULTS }

type Behaviour = 'silent' | 'no-link' | 'refuses-at-once' | 'answers-the-cancel'

/** A director with nodes n1, n2, … that do as they are told. */
class Host implements ClientHost {
  now = 0
  readonly clock = { now: () => this.now, wall: () => 0 }
  readonly pool = new RetentionPool()
  readonly gate = { isOpen: () => true }
  readonly service = service
  readonly term = { number: 1, holder: 'a' }
  readonly begunAt = 0
  readonly asked: string[] = []
  readonly snapshots: Uint8Array[] = []
  readonly cancelled: [node: string, reason: Reason][] = []
  readonly retried: Reason[] = []
  readonly finished: (Reason | undefined)[] = []
  readonly pipes = new Map<string, Pipe>()
  readonly places: FakePlaces

  constructor(
    readonly nodes: number,
    readonly behaviour: (node: string) => Behaviour = () => 'silent',
  ) {
    this.places = new FakePlaces(Array.from({ length: nodes }, (_, i) => ({ node: `n${i + 1}`, name: `n${i + 1}` })))
  }

  open(client: ClientHalf, { node }: NodeName, { snapshot }: OpenRequest): Attempt | undefined {
    this.snapshots.push(snapshot)
    this.asked.push(node)
    const behaviour = this.behaviour(node)
    if (behaviour === 'no-link') return undefined
    if (behaviour === 'refuses-at-once') {
      client.onRefused('no-listener', 'at once')
      return undefined
    }
    const counterpart = new Pipe(true)
    counterpart.limit = 1_000
    this.pipes.set(node, counterpart)
    const cancel = (reason: Reason) => {
      this.cancelled.push([node, reason])
      if (behaviour === 'answers-the-cancel') client.onRefused(reason, 'by the other half')
    }
    return { counterpart, cancel }
  }

  onJoined(): void {}

  onRetried(_client: ClientHalf, _node: NodeName, reason: Reason): void {
    this.retried.push(reason)
  }

  onUnsettled(): void {}
  onIncident(): void {}

  onFinished(_client: ClientHalf, reason: Reason | undefined): void {
    this.finished.push(reason)
  }
}

function accept(host: Host) {
  const socket = new FakeSocket()
  const client = new ClientHalf({ node: 'a', boot: 1, counter: 1 }, socket, host)
  client.choose()
  return { client, socket }
}

test('nothing is read from the client before a backend stands', () => {
  const host = new Host(1)
  const { client, socket } = accept(host)
  assert.ok(socket.paused && client.isDialing)
  const pipe = host.pipes.get('n1') as Pipe
  client.onOpened(1_000, { local: HERE, remote: THERE }, pipe)
  assert.not(socket.paused)
  assert.ok(client.served)
  socket.say(Uint8Array.of(1))
  assert.is(pipe.sent, 1)
})

test('a refusal, at once or later, and a node without a link lead to the next node', () => {
  const host = new Host(4, (node) => (node === 'n1' ? 'no-link' : node === 'n2' ? 'refuses-at-once' : 'silent'))
  const { client, socket } = accept(host)
  assert.equal(host.asked, ['n1', 'n2', 'n3'])
  client.onRefused('connect-refused', '')
  assert.equal(host.asked, ['n1', 'n2', 'n3', 'n4'])
  assert.equal(host.retried, ['link-lost', 'no-listener', 'connect-refused'])
  assert.is(host.pipes.get('n3')?.confirms, 1, 'the refused backend half may go')
  assert.is(socket.resets, 0)
})

test('when all have refused, the client gets an RST, and the last reason is told', () => {
  const host = new Host(2)
  const { client, socket } = accept(host)
  client.onRefused('connect-refused', '')
  client.onRefused('exhausted', '')
  assert.equal(host.finished, ['exhausted'])
  assert.is(socket.resets, 1)
})

test('without any node the client gets an RST at once', () => {
  const host = new Host(0)
  assert.is(accept(host).socket.resets, 1)
  assert.equal(host.finished, ['no-backend'])
})

test('no more nodes are asked than the limit allows', () => {
  const host = new Host(ATTEMPTS_MAX + 3, () => 'no-link')
  accept(host)
  assert.is(host.asked.length, ATTEMPTS_MAX)
})

test('while nodes are only out of reach it waits and looks again, for as long as a program may take to answer', () => {
  let behaviour: Behaviour = 'no-link'
  const host = new Host(2, () => behaviour)
  const { client, socket } = accept(host)
  assert.equal([host.asked.length, host.finished, socket.resets], [2, [], 0])
  behaviour = 'silent'
  host.now = 100
  client.expire(host.now)
  assert.equal(host.asked.slice(2), ['n1'])
  client.onOpened(1_000, { local: HERE, remote: THERE }, new Pipe(true))
  assert.not(client.isUnserved)
  const late = new Host(1, () => 'no-link')
  const lost = accept(late)
  late.now = service.connectMs
  lost.client.expire(late.now)
  assert.equal([late.finished, lost.socket.resets], [['link-lost'], 1])
})

test('a node that does not answer in time is told to stop, and its late answer means nothing', () => {
  const host = new Host(2)
  const { client, socket } = accept(host)
  host.now = service.connectMs
  client.expire(host.now)
  assert.equal(host.asked, ['n1'], 'the node enforces the limit, its answer is under way')
  host.now = service.connectMs + 500
  client.expire(host.now)
  assert.equal(host.asked, ['n1', 'n2'])
  assert.equal(host.cancelled, [['n1', 'connect-timeout']])
  host.now += service.connectMs + 500
  client.expire(host.now)
  assert.equal(host.finished, ['connect-timeout'])
  client.onOpened(1_000, { local: HERE, remote: THERE }, host.pipes.get('n2') as Pipe)
  client.onRefused('other', '')
  assert.ok(socket.paused)
  assert.is(host.finished.length, 1)
})

test('a cancelled node that answers within the call takes no turn away from the next', () => {
  const host = new Host(3, () => 'answers-the-cancel')
  const { client } = accept(host)
  host.now = 10_000
  client.expire(host.now)
  assert.equal(host.asked, ['n1', 'n2'])
  assert.ok(client.isDialing)
  assert.equal(host.retried, ['connect-timeout'])
})

test('a client that goes while a node is asked cancels that, and no other node is asked', () => {
  for (const behaviour of ['silent', 'answers-the-cancel'] as const) {
    const host = new Host(3, () => behaviour)
    const { socket } = accept(host)
    socket.close('reset')
    assert.equal(host.cancelled, [['n1', 'peer-reset']], behaviour)
    assert.equal(host.asked, ['n1'], behaviour)
    assert.equal(host.finished, ['peer-reset'], behaviour)
  }
})

test('the end of a splice is confirmed to the backend half once', () => {
  const host = new Host(1)
  const { client, socket } = accept(host)
  const pipe = host.pipes.get('n1') as Pipe
  client.onOpened(1_000, { local: HERE, remote: THERE }, pipe)
  socket.sayEnd()
  client.half.receiveFin(0)
  assert.is(pipe.confirms, 0)
  socket.closeIfDone()
  assert.is(pipe.confirms, 1)
  assert.equal(host.finished, [undefined])
})

test('every node is full: it waits unread until it is called, and is served', () => {
  const host = new Host(2)
  host.places.isFull = true
  host.places.queueMax = 1
  const { client, socket } = accept(host)
  assert.ok(client.isWaiting && client.isUnserved && socket.paused)
  client.call()
  assert.ok(client.isWaiting, 'still full')
  assert.equal([host.places.waiting.length, host.asked], [1, []])
  host.places.isFull = false
  client.call()
  client.onOpened(1_000, { local: HERE, remote: THERE }, host.pipes.get('n1') as Pipe)
  assert.equal([client.isWaiting, client.served, host.places.seated], [false, true, 1])
})

test('one that waits too long, or for whom the queue has no room, gets an RST that says so', () => {
  const host = new Host(1)
  host.places.isFull = true
  host.places.queueMax = 1
  const { client } = accept(host)
  accept(host)
  assert.equal(host.finished, ['queue-full'])
  client.expire(service.queueMs - 1)
  assert.is(host.finished.length, 1)
  client.expire(service.queueMs)
  assert.equal([host.finished, host.places.timeouts], [['queue-full', 'queue-timeout'], 1])
})

test('the sorry backend is asked when no node can serve, once', () => {
  const sorry = { node: 'me', name: 'me', sorry: THERE }
  const host = new Host(1, (node) => (node === 'n1' ? 'refuses-at-once' : 'silent'))
  host.places.sorryNode = sorry
  const { client, socket } = accept(host)
  assert.equal([host.asked, client.node, client.report('me').backend], [['n1', 'me'], sorry, undefined])
  client.onRefused('connect-refused', 'me too')
  assert.equal([host.finished, socket.resets, host.places.sorries], [['connect-refused'], 1, 1])
  const apart = new Host(1, () => 'refuses-at-once')
  apart.places.sorryNode = sorry
  accept(apart)
  assert.equal([apart.asked, apart.finished], [['n1', 'me'], ['no-listener']])
})

test('a node counts a connection for as long as it is asked or serves', () => {
  const host = new Host(3, (node) => (node === 'n1' ? 'no-link' : 'silent'))
  const { client, socket } = accept(host)
  assert.equal([...host.places.counts.values()], [0, 1])
  client.onRefused('connect-refused', '')
  assert.equal([...host.places.counts.values()], [0, 0, 1])
  client.onOpened(1_000, { local: HERE, remote: THERE }, host.pipes.get('n3') as Pipe)
  assert.is(host.places.seated, 1)
  socket.close('reset')
  assert.is(host.places.seated, 0)
  const vanishing = new Host(1)
  const gone = accept(vanishing)
  gone.client.onOpened(1_000, { local: HERE, remote: THERE }, vanishing.pipes.get('n1') as Pipe)
  gone.client.vanish('lease-lost')
  assert.is(vanishing.places.seated, 0)
})

test('one that parts from its socket leaves its node, and the backend half may go', () => {
  const host = new Host(1)
  const { client, socket } = accept(host)
  const pipe = host.pipes.get('n1') as Pipe
  client.onOpened(1_000, { local: HERE, remote: THERE }, pipe)
  client.part()
  assert.equal([pipe.confirms, pipe.resets, host.places.seated, host.finished], [1, 0, 0, []])
  assert.equal([socket.paused, socket.resets, client.half.isClosed], [true, 0, true])
})

test('a node that is asked late is told of the client as it is then', () => {
  const host = new Host(1, () => 'silent')
  host.places.isFull = true
  host.places.queueMax = 1
  const [old, fresh] = [
    { bytes: Uint8Array.of(1), at: 0 },
    { bytes: Uint8Array.of(2), at: 3_000 },
  ]
  Object.assign(host, { refreshed: () => fresh })
  const client = new ClientHalf({ node: 'a', boot: 1, counter: 1 }, new FakeSocket(), host, old)
  client.choose()
  host.now = 3_000
  host.places.isFull = false
  client.call()
  assert.equal([client.isDialing, client.snapshot, host.snapshots], [true, fresh, [fresh.bytes]])
})

test('a parked one is served when there is a node, however late, and not by the sorry backend', () => {
  const host = new Host(1, () => (host.now < 2_000 ? 'refuses-at-once' : 'silent'))
  host.places.sorryNode = { node: 'a', name: 'a', sorry: THERE }
  const revival = { ...BEGINNING, startedAt: 0, parkedUntil: 5_000 }
  const client = new ClientHalf({ node: 'a', boot: 1, counter: 1 }, new FakeSocket(), host, undefined, revival)
  client.choose()
  assert.equal([client.isUnserved, client.isWaiting, client.served, host.asked], [true, true, true, []])
  for (; client.isWaiting; host.now += 100) client.expire(host.now)
  assert.equal([host.asked.at(-1), client.isDialing, host.places.sorries], ['n1', true, 0])
  assert.ok(host.asked.length < 8, `asked ${host.asked.length} times`)
  client.onOpened(1_000, { local: HERE, remote: THERE }, host.pipes.get('n1') as Pipe)
  assert.is(client.parkedUntil, undefined)
})

test('given away while no program serves it: nobody is asked any more, its place is free, and its socket stays', () => {
  const host = new Host(2, (node) => (node === 'n1' ? 'answers-the-cancel' : 'silent'))
  const { client, socket } = accept(host)
  assert.equal(client.depart(), { parkedUntil: undefined, waitsUntil: undefined, held: undefined, endRead: false })
  assert.equal([host.cancelled, host.places.seated, host.asked], [[['n1', 'other']], 0, ['n1']])
  assert.equal([socket.resets, socket.ended, host.finished], [0, false, []])
  client.onOpened(1_000, { local: HERE, remote: THERE }, new Pipe(true))
  client.choose()
  client.expire(1e9)
  assert.equal([host.asked.length, client.joined, client.depart()], [1, undefined, undefined])
})

test('whoever waits says how long it still would, and is not served before; one that is served is not given away', () => {
  const host = new Host(1)
  host.places.isFull = true
  host.places.queueMax = 1
  const { client } = accept(host)
  assert.is(client.waitsUntil, service.queueMs)
  assert.is(client.depart()?.waitsUntil, service.queueMs)
  const socket = new FakeSocket()
  const revival = { ...BEGINNING, startedAt: 0, waitsUntil: 70 }
  const next = new ClientHalf({ node: 'a', boot: 1, counter: 2 }, socket, host, undefined, revival)
  host.places.waiting.length = 0
  next.choose()
  assert.is(next.waitsUntil, 70)
  next.expire(69)
  assert.is(socket.resets, 0)
  next.expire(70)
  assert.is(socket.resets, 1)

  const other = new Host(1)
  const { client: served } = accept(other)
  const pipe = other.pipes.get('n1')
  if (pipe !== undefined) served.onOpened(1_000, { local: HERE, remote: THERE }, pipe)
  assert.is(served.depart(), undefined)
  assert.ok(served.joined)
})

test.run()
