import { Prng } from '../../src/base/prng.js'
import { Direction } from '../../src/lane/direction.js'
import type { DirectionHost } from '../../src/lane/direction-host.js'
import { Estate } from '../../src/lane/estate.js'
import type { Rebuilder } from '../../src/lane/frozen-socket.js'
import type { LedgerLink } from '../../src/lane/recovery.js'
import { Seats } from '../../src/lane/seats.js'
import { Unsettled } from '../../src/lane/unsettled.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
import type { Socket } from '../../src/proxy/endpoint.js'
import { LeaseSlots } from '../../src/proxy/lease-slots.js'
import { assert, suite } from '../harness/suite.js'
import { Host, SERVICE } from './fake-cluster.js'
import { fakeContext } from './fake-context.js'
import { FakeNet } from './fake-net.js'
import { COUNTERPART, Frozen, ROW } from './revival-room.js'
import { Talker } from './talkers.js'

const test = suite('lane/direction')
const QUIET_MS = 900_000
const none = () => {
  throw new Error('no socket here')
}

/** A director that serves by a program of its own; `client` has ended, and reads only when it is told to. */
function served() {
  const random = new Prng(1)
  const net = new FakeNet(random)
  const world = { now: 0, net }
  const memory = LeaseSlots.bytes()
  new LeaseSlots(memory).set(0, 1e9)
  const host = new Host('a', 1, world, memory)
  const pass = (ms: number) => {
    world.now += ms
    host.sweep()
    for (let i = 0; i < 60; i++) net.round(() => host.endTurn())
  }
  host.tell({ type: 'services', services: [SERVICE] })
  host.listensTo(true)
  host.tell({ type: 'backends', service: 'web', seats: [{ node: host.node, name: 'a', port: 80 }] })
  host.tell({ type: 'direct', service: 'web', term: { number: 1, holder: host.node }, slot: 0 })
  const onAccept = (program: Socket) => {
    program.write(new Uint8Array(60_000))
    program.end()
    program.resume()
  }
  net.listen({ address: host.address, port: 80 }, { onListening: () => {}, onAccept, onProblem: () => {} }, () => {})
  pass(1)
  const client = new Talker(
    1,
    net.connect({ address: '192.0.2.1', port: 1 }, { address: SERVICE.address, port: 80 }),
    0,
  )
  client.end.pause()
  client.end.end()
  // All that can go has gone, and what has found its place is told.
  pass(100)
  pass(100)
  const read = () => {
    client.end.resume()
    client.end.step(random)
    client.end.pause()
  }
  return { client, pass, read }
}

test('both have said all: a client that takes nothing of the rest is given up in the end, a slow one is not', () => {
  const patient = served()
  patient.pass(QUIET_MS - 10)
  assert.is(patient.client.cause, undefined)
  patient.pass(1_000)
  assert.is(patient.client.cause, 'reset')

  const slow = served()
  for (let i = 0; i < 3; i++) {
    slow.read()
    slow.pass(100)
    slow.pass(QUIET_MS - 1_000)
  }
  assert.is(slow.client.cause, undefined)
})

test('all connections are known when every node that lives has told its own, and the address is here; or after half a minute', () => {
  const directing = (members: (self: string) => string[]) => {
    const world = { now: 0, net: new FakeNet(new Prng(1)) }
    const memory = LeaseSlots.bytes()
    new LeaseSlots(memory).set(0, 1e9)
    const host = new Host('a', 1, world, memory)
    const term = { number: 1, holder: host.node }
    host.tell({ type: 'services', services: [SERVICE] })
    host.tell({ type: 'direct', service: 'web', term, slot: 0, given: true, members: members(host.node) })
    const pass = (ms: number) => {
      world.now += ms
      host.sweep()
      for (let i = 0; i < 10; i++) host.endTurn()
      return host.heard.splice(0).flatMap(({ type }) => (type === 'known' || type === 'recovered' ? type : []))
    }
    return { pass, letGo: () => host.tell({ type: 'let-go', service: 'web', term }), host }
  }
  const alone = directing((self) => [self])
  assert.equal(alone.pass(100), ['recovered'])
  assert.equal(alone.pass(100), [], 'without its address it meets nobody')
  alone.letGo()
  assert.equal([alone.pass(100), alone.pass(100)], [['known'], []])

  const other = 'b'.repeat(32)
  const waiting = directing((self) => [self, other])
  assert.equal([waiting.pass(4_999), waiting.pass(1)], [[], ['recovered']])
  waiting.letGo()
  assert.equal([waiting.pass(1), waiting.pass(24_998), waiting.pass(1)], [[], [], ['known']])

  const gone = directing((self) => [self, other])
  gone.pass(100)
  gone.host.tell({ type: 'peer-gone', peer: other, hasEnded: true })
  gone.letGo()
  assert.equal(gone.pass(100), ['recovered', 'known'])
})

test('a client that lost bytes with an earlier director is told so until it has heard it, also when all others are known', () => {
  const told: string[] = []
  const rebuilder = {
    tap: () => ({ send: (to: string) => told.push(to), close: () => {} }),
    unread: () => 0,
    isTaken: () => false,
  } as unknown as Rebuilder
  const lane = { now: 1_000, sockets: { engine: 'fake', dial: none, listen: none } }
  const heard: string[] = []
  const context = { ...fakeContext({ ...lane, post: ({ type }) => void heard.push(type) }, 'a'), rebuilder }
  const self = 'a'.repeat(32)
  const host = {
    unsettled: new Unsettled(),
    estate: new Estate(),
    linksTo: () => [],
    links: [],
    hasEnded: () => false,
    nextToken: () => 1,
    seats: new Seats(self),
  } as unknown as DirectionHost
  const message = { term: { number: 2, holder: self }, slot: 0, given: true, members: [] }
  const direction = new Direction(SERVICE, message, context, host)
  direction.start()
  direction.letGo()
  direction.sweep(1_100)
  assert.equal(heard, ['recovered', 'serving', 'known'])
  const client = (port: number, startedAt: number) => {
    const [half, end] = [
      { sent: 0, received: 0 },
      { address: '192.0.2.1', port },
    ]
    return { place: -1, id: { node: self, boot: 1, counter: 1 }, startedAt, half, client: end } as unknown as ClientHalf
  }
  const finish = (port: number, startedAt: number, reason: 'peer-reset' | 'input-lost') => {
    const one = client(port, startedAt)
    const half = { sent: 0, received: 0, progress: {} }
    const term = { number: 2, holder: self }
    Object.assign(one, { destination: { address: SERVICE.address, port: 80 }, service: SERVICE, term, half })
    direction.onFinished(one, reason, '')
    direction.sweep(1_200)
    return told.splice(0).length
  }
  assert.is(finish(1, 500, 'peer-reset'), 0, 'its own kernel answers')
  assert.is(finish(2, 1_500, 'input-lost'), 0, 'it is this director’s')
  assert.is(finish(3, 500, 'input-lost'), 1)
})

test('a rebuilt connection whose verdict is open is not parked: its watch would end with it', () => {
  const lane = { now: 1_000, sockets: { engine: 'fake', dial: none, listen: none } }
  const socket = new Frozen()
  const rebuilder = {
    tap: () => ({ why: 'not here' }),
    rebuild: () => ({
      socket,
      snapshot: { bytes: new Uint8Array(0), at: 0 },
      numbers: { receiveSeq: 0, sendSeq: 0, aheadMax: 0 },
    }),
    unread: () => 0,
    isTaken: () => false,
  } as unknown as Rebuilder
  const context = { ...fakeContext(lane, 'a'), rebuilder }
  context.leases.set(0, 1e9)
  const self = 'a'.repeat(32)
  const term = { number: 9, holder: self }
  const link: LedgerLink = {
    peer: { node: 'b', name: 'b' },
    isUp: true,
    say: () => {},
    revive: (client) => client.goOn({ node: 'b', name: 'b' }, ROW, COUNTERPART),
  }
  const host = {
    unsettled: new Unsettled(),
    estate: new Estate(),
    linksTo: () => [link],
    links: [link],
    hasEnded: () => false,
    nextToken: () => 1,
    nextSpliceId: () => ({ node: self, boot: 1, counter: 1 }),
    seats: new Seats(self),
    failures: { reset: () => {} },
  } as unknown as DirectionHost
  const message = { term, slot: 0, given: true, members: ['b'] }
  const direction = new Direction({ ...SERVICE, parkMs: 10_000 }, message, context, host)
  direction.start()
  const row = { ...ROW, finUp: false, acknowledged: 0, down: 0, isAnswered: true }
  direction.recovery?.onLedger(link, { kind: 'row', handle: 0, service: 'web', row })
  const [client] = direction.clients
  assert.ok(client?.half.isAtRest)
  assert.is(client && direction.onBereft(client), false, 'frozen')
  direction.letGo()
  assert.is(client && direction.onBereft(client), false, 'let go, and not heard of')
  assert.is(direction.parking.report.parked, 0)
  // Nothing else keeps it from that: its socket takes what comes next, and for a while no gap is found behind that.
  Object.assign(socket, { inbound: () => 'taken' })
  for (let i = 0; i < 60; i++) {
    lane.now += 1_000
    direction.sweep(lane.now)
  }
  assert.is(client && direction.onBereft(client), true)
  assert.is(direction.parking.report.parked, 1)
})

test.run()
