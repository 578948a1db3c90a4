/** What a lane does for a planned move: on the side that gives, and on the side that is to take. */
import type { FrozenSocket, Rebuilder } from '../../src/lane/frozen-socket.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { DirectingLane } from './directing-lane.js'
import { A } from './link-under-test.js'

const test = suite('lane/moves')
const TERM = { number: 1, holder: A }
const HUSH = { type: 'hush', service: 'web', term: TERM } as const

const said = ({ heard }: DirectingLane, type: FromLane['type']) => heard.filter((one) => one.type === type)

test('hushed: quiet when all that have come are served', () => {
  const room = new DirectingLane()
  room.lane.receive(HUSH)
  assert.equal(said(room, 'quiet'), [{ type: 'quiet', service: 'web', term: TERM }])
  room.heard.length = 0
  room.accept()
  room.lane.receive(HUSH)
  for (let look = 0; look < 5; look++) for (const task of room.soon.splice(0)) task()
  assert.equal(said(room, 'quiet'), [])
  room.openLast()
  for (const task of room.soon.splice(0)) task()
  assert.is(said(room, 'quiet').length, 1)
  assert.equal(room.soon, [])
})

test('a program that does not answer keeps a move waiting no longer than 200 ms; a service that is unknown does not at all', () => {
  const room = new DirectingLane()
  room.accept()
  room.lane.receive(HUSH)
  room.now += 199
  for (const task of room.soon.splice(0)) task()
  assert.is(said(room, 'quiet').length, 0)
  room.now++
  for (const task of room.soon.splice(0)) task()
  assert.is(said(room, 'quiet').length, 1)
  room.lane.receive({ ...HUSH, service: 'mail' })
  assert.is(said(room, 'quiet').length, 2)
})

/** Counts what it is asked to rebuild. */
class CountingRebuilder implements Rebuilder {
  readonly ports = new Set<string>()
  vanished = 0

  constructor(private readonly why = '') {}

  past(snapshot: ReturnType<Rebuilder['past']>): ReturnType<Rebuilder['past']> {
    return snapshot
  }

  capture(): ReturnType<Rebuilder['capture']> {
    return { why: 'no' }
  }

  snapshot(): ReturnType<Rebuilder['snapshot']> {
    return { bytes: new Uint8Array(0), at: 0 }
  }

  adopt(): never {
    throw new Error('no lane has died')
  }

  adoptFresh(): undefined {}

  rebuild({ client }: Parameters<Rebuilder['rebuild']>[0]): ReturnType<Rebuilder['rebuild']> {
    this.ports.add(`${client.address} ${client.port}`)
    if (this.why !== '') return { why: this.why }
    const socket = Object.assign(new FakeSocket(1), { vanish: () => this.vanished++ })
    const snapshot = { bytes: new Uint8Array(32), at: 0 }
    return { socket: socket as unknown as FrozenSocket, snapshot, numbers: { receiveSeq: 0, sendSeq: 0, aheadMax: 0 } }
  }

  isTaken(): boolean {
    return false
  }

  unread(): number {
    return 0
  }

  tap(): { readonly why: string } {
    return { why: 'no' }
  }
}

test('a rehearsal rebuilds connections that nobody has, of each lane others, and forgets them', () => {
  const [first, second] = [new CountingRebuilder(), new CountingRebuilder()]
  const lanes = [new DirectingLane(0, first), new DirectingLane(1, second)] as const
  for (const { lane } of lanes) lane.receive({ type: 'rehearse', rehearsal: 3 })
  for (const room of lanes) assert.equal(said(room, 'rehearsed'), [{ type: 'rehearsed', rehearsal: 3, why: '' }])
  assert.is(first.vanished, first.ports.size)
  assert.is(new Set([...first.ports, ...second.ports]).size, 2 * first.ports.size)
})

test('where nothing can be rebuilt, that is known before', () => {
  const [without, refusing] = [new DirectingLane(), new DirectingLane(0, new CountingRebuilder('connect: EPERM'))]
  for (const { lane } of [without, refusing]) lane.receive({ type: 'rehearse', rehearsal: 1 })
  const whys = [without, refusing].map((room) => said(room, 'rehearsed').map((one) => 'why' in one && one.why))
  assert.match(String(whys[0]), 'cannot rebuild connections: it lacks CAP_NET_ADMIN')
  assert.equal(whys[1], ['cannot rebuild connections: connect: EPERM'])
})

test.run()
