/** A service is given away while clients wait that no program serves: what goes along, in which order, and what becomes of them. */
import type { LedgerLink } from '../../src/lane/recovery.js'
import type { UnservedClient } from '../../src/proxy/unserved-frames.js'
import { assert, suite } from '../harness/suite.js'
import { FRAMES } from '../proxy/splice-frames.js'
import { DepartingLane, type Rebuilt } from './departing-lane.js'
import { bytesOf, textOf } from './link-under-test.js'

const test = suite('lane/readmission')
const QUEUE_MS = 5_000
const FULL = { nodeConnections: 1, queueMs: QUEUE_MS }
const PARK_MS = 8_000
const LINE = 'PROXY TCP4 198.51.100.7 192.0.2.10 4242 80\r\n'
const BY_PROXY = { acceptProxy: '192.0.2.20/32' }

/** One is served, and the others wait. */
function full(...said: string[]): DepartingLane {
  const room = new DepartingLane(FULL)
  room.comes()
  room.accepts()
  for (const words of said) {
    room.pass(100)
    room.comes(words)
  }
  assert.is(room.placement().waiting, said.length)
  return room
}

/** Those that were rebuilt; the one that was served goes first. */
function rebuilt({ rebuilder }: DepartingLane): Rebuilt[] {
  return rebuilder.made.slice(1)
}

test('in the queue: nobody is asked before the address is here; then in the order in which they came, with what they had said', () => {
  const words = ['one', 'two', 'three']
  const room = full(...words)
  room.move()
  assert.equal(
    room.rebuilder.rows.slice(1).map(({ up, finUp, down, clock }) => [up, finUp, down, clock]),
    words.map(({ length }) => [length, false, 0, 77]),
  )
  const before = room.dials
  room.rebuilder.made[0]?.close('reset')
  room.pass(100)
  const letGo = () => rebuilt(room).map((socket) => socket.let)
  assert.equal([room.dials, letGo()], [before, [undefined, undefined, undefined]])
  room.isHere()
  assert.equal(letGo(), [0, 0, 0])
  for (const [i, said] of words.entries()) {
    assert.is(room.placement().waiting, words.length - 1 - i)
    assert.is(textOf(room.accepts().delivered), said)
    rebuilt(room)[i]?.close('reset')
  }
  const { readmitted, readmitLost, counters } = room.placement()
  assert.equal([readmitted, readmitLost], [3, 0])
  assert.is(counters.accepted, 4, 'each is one connection')
  assert.equal(room.logged('unserved-lost'), [])
  assert.equal(room.logged('readmitted'), [{ service: 'web', clients: 3, lost: 0 }])
})

test('in their order also where they came within a millisecond, and some have left since', () => {
  const room = new DepartingLane(FULL)
  room.comes()
  room.accepts()
  const words = ['a', 'bb', 'ccc', 'dddd', 'eeeee', 'ffffff']
  const clients = words.map((said, i) => {
    if (i < 4) room.now += 0.1
    return room.comes(said)
  })
  clients[0]?.close('reset')
  room.move()
  assert.equal(
    room.rebuilder.rows.slice(1).map(({ up }) => up),
    [2, 3, 4, 5, 6],
  )
  const together = new DepartingLane(FULL)
  for (const said of ['', ...words]) together.comes(said)
  together.move()
  assert.equal(
    together.rebuilder.rows.map(({ up }) => up),
    [0, 1, 2, 3, 4, 5, 6],
  )
})

test('another process does not take over while some wait for the address', () => {
  const room = new DepartingLane()
  room.comes('waits')
  room.move()
  assert.throws(() => [...room.lane.rows()], /were just taken over/)
  room.isHere()
  assert.is([...room.lane.rows()].filter(({ row }) => row.kind === 'client').length, 1)
})

test('nobody overtakes them, and their time goes on', () => {
  const room = full('waits')
  room.pass(2_000)
  room.move(1_000)
  room.isHere()
  const late = room.comes()
  const [socket] = rebuilt(room)
  assert.is(room.placement().waiting, 2)
  room.pass(QUEUE_MS - 3_000 - 1)
  assert.is(socket?.resets, 0)
  room.pass(1)
  assert.equal([socket?.resets, late.resets], [1, 0])
  assert.is(room.placement().queueTimeouts, 1)
})

test('a second move takes along what came with the first', () => {
  const room = full('first')
  room.move()
  room.isHere()
  const [socket] = rebuilt(room)
  assert.ok(socket)
  if (socket !== undefined) room.rebuilder.kernel.set(socket, { unread: ' and more' })
  room.move()
  assert.is(socket?.vanished, 1, 'and is told of no end')
  room.isHere()
  room.rebuilder.made[2]?.close('reset')
  assert.is(textOf(room.accepts().delivered), 'first and more')
})

test('whoever is being dialled for is dialled for anew, once; the half-made connection ends', () => {
  const room = new DepartingLane()
  room.comes('hello')
  const half = room.lastProgram
  room.move()
  assert.is(half.resets, 1)
  room.isHere()
  const program = room.accepts()
  assert.is.not(program, half)
  assert.equal([room.dials, textOf(program.delivered)], [2, 'hello'])
  half.open()
  assert.is(textOf(half.delivered), '')
})

test('an end behind the last bytes is passed on behind them', () => {
  const room = new DepartingLane()
  const client = room.comes()
  room.rebuilder.kernel.set(client, { unread: 'all', isEnded: true })
  room.move()
  assert.is(room.rebuilder.rows[0]?.finUp, true)
  room.isHere()
  const program = room.lastProgram
  assert.is(program.ended, false)
  room.openLast()
  assert.equal([textOf(program.delivered), program.ended], ['all', true])
})

/** A client that was served, whose program is gone. */
function parked(unsent = '') {
  const room = new DepartingLane({ parkMs: PARK_MS })
  const client = room.comes()
  const program = room.accepts()
  client.say(bytesOf('ask'))
  program.say(bytesOf('answer'))
  room.pass(1_000)
  room.lane.receive({ type: 'local-listeners', listeners: [] })
  room.lane.receive({ type: 'backends', service: 'web', seats: [] })
  program.sayEnd()
  assert.is(room.placement().parked, 1)
  room.rebuilder.kernel.set(client, { unread: 'next', unsent })
  return room
}

function listens(room: DepartingLane): void {
  room.lane.receive({ type: 'local-listeners', listeners: [{ port: 80, address: '10.0.0.1' }] })
  const node = room.lane.linksTo('a'.repeat(32))[0]?.peer.node ?? ''
  room.lane.receive({ type: 'backends', service: 'web', seats: [{ node, name: 'a', port: 80 }] })
}

test('parked: it waits on for as long as it had left, and the next program serves it', () => {
  const room = parked()
  room.move(1_000)
  const { parked: before, givenUp } = room.placement()
  assert.equal([before, givenUp], [0, 0], 'the next director has given up nobody')
  room.isHere()
  assert.equal([room.placement().parked, room.placement().states], [1, ['parked']])
  listens(room)
  room.pass(100)
  assert.is(textOf(room.accepts().delivered), 'next')
  assert.is(room.placement().resumed, 1)
})

test('parked in vain: told when its own time is over', () => {
  const room = parked()
  room.move(1_000)
  room.isHere()
  const [socket] = room.rebuilder.made
  room.pass(PARK_MS - 1_000 - 1)
  assert.is(socket?.resets, 0)
  room.pass(1)
  assert.equal([socket?.resets, room.placement().givenUp], [1, 1])
})

test('parked with bytes that it has not acknowledged: they are put in as sent, and its stream begins behind them', () => {
  const room = parked('rest')
  room.move()
  const [socket] = room.rebuilder.made
  assert.is(textOf(socket?.delivered ?? []), 'rest')
  room.isHere()
  assert.is(socket?.let, 4, 'before it was let go')
  if (socket !== undefined) socket.inFlight = 4
  listens(room)
  const before = room.dials
  room.pass(100)
  assert.is(room.dials, before, 'they must have come first')
  if (socket !== undefined) socket.inFlight = 0
  room.pass(100)
  assert.is(textOf(room.accepts().delivered), 'next')
})

test('by a proxy: whom it has named, and what came of a header', () => {
  const room = new DepartingLane({ ...BY_PROXY, proxyProtocol: 'v1' })
  const whole = room.comes('second')
  whole.say(bytesOf(`${LINE}first, `))
  const half = room.comes(LINE.slice(10))
  half.say(bytesOf(LINE.slice(0, 10)))
  const none = room.comes()
  room.move()
  assert.equal(
    [whole, half, none].map((client) => client.closed),
    [true, true, true],
  )
  room.isHere()
  const [first, second, third] = room.rebuilder.made
  assert.equal(
    room.placement().splices.map(({ client, via }) => [client.address, via?.address]),
    [
      ['198.51.100.7', '192.0.2.20'],
      ['198.51.100.7', '192.0.2.20'],
    ],
  )
  assert.equal([first?.resets, second?.resets, third?.resets], [0, 0, 0])
  const [named, found] = room.programs.slice(-2)
  room.openLast()
  named?.open()
  assert.equal([textOf(named?.delivered ?? []), textOf(found?.delivered ?? [])].sort(), [LINE, `${LINE}first, second`])
  third?.say(bytesOf(`${LINE}later`))
  assert.is(textOf(room.accepts().delivered), `${LINE}later`)
})

test('by a proxy that has said all and ended its side at once', () => {
  const room = new DepartingLane(BY_PROXY)
  const client = room.comes()
  room.rebuilder.kernel.set(client, { unread: `${LINE}all`, isEnded: true })
  const silent = room.comes()
  room.rebuilder.kernel.set(silent, { unread: 'PROXY', isEnded: true })
  room.move()
  room.isHere()
  const program = room.accepts()
  assert.equal([textOf(program.delivered), program.ended], ['all', true])
  assert.is(room.rebuilder.made[1]?.resets, 1, 'a header that will never be whole')
})

test('bytes that do not come: it is lost, and nobody is told less than it said', () => {
  const room = new DepartingLane()
  const { row } = FRAMES['unserved'] as { readonly row: UnservedClient }
  const link: LedgerLink = { peer: { node: 'b', name: 'b' }, isUp: true, say: () => {}, revive: () => {} }
  room.lane.onLinkUp(link)
  for (const bytes of [3, 4]) {
    const frame = { kind: 'unread', handle: 0, service: 'web', id: row.id, way: 'up' } as const
    room.lane.onLedger(link, { ...frame, bytes: new Uint8Array(bytes) })
    const unserved = { kind: 'unserved', handle: 0, service: 'web', row: { ...row, unread: 4, unsent: 0 } } as const
    room.lane.onLedger(link, unserved)
  }
  const { readmitted, readmitLost } = room.placement()
  assert.equal([readmitted, readmitLost], [1, 1])
})

test('what cannot be read out, or not be rebuilt, is lost, and said to be', () => {
  const unreadable = full('one', 'two')
  unreadable.rebuilder.why = 'TCP_REPAIR: EPERM'
  unreadable.move()
  assert.equal(unreadable.logged('unserved-lost'), [{ service: 'web', clients: 2 }])
  unreadable.isHere()
  assert.is(unreadable.placement().readmitted, 0)

  const alien = full('one', 'two')
  alien.rebuilder.whyNot = 'connect: EADDRNOTAVAIL'
  alien.move()
  alien.isHere()
  const { readmitted, readmitLost, waiting } = alien.placement()
  assert.equal([readmitted, readmitLost, waiting], [0, 2, 0])
})

test('a director that may not act any more takes nobody along: nobody would ask it', () => {
  const room = full('one')
  room.lane.receive({ type: 'undirect', service: 'web', why: 'lease-lost', slot: 0 })
  assert.equal(room.rebuilder.captured, [])
})

test.run()
