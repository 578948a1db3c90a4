/** What becomes of halves whose link is gone: those that need nothing of the other end in order, and no attempt that was given up reaches its client. */
import { Suspended } from '../../src/lane/suspended.js'
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { assert, suite } from '../harness/suite.js'
import { A, bytesOf, clientOver, data, LinkUnderTest, open, textOf } from './link-under-test.js'

const test = suite('lane/bound')
const HERE = { address: '10.0.0.10', port: 1 }
const GOODBYE = { kind: 'goodbye', handle: 0, reason: 'node-stopping' } as const
const opened = (handle: number): SpliceFrame => ({ kind: 'opened', handle, local: HERE, remote: HERE, window: 1_000 })

/** What makes the other half's loss certain, once the first link broke. */
const LOSSES: Readonly<Record<string, (room: LinkUnderTest) => void>> = {
  'the peer stops': (room) => room.hears(GOODBYE),
  'no link comes in time': (room) => {
    const suspended = new Suspended(room.context)
    room.socket.close('reset')
    for (const bound of room.waiting) suspended.add(bound, A, 0, 0, 0)
    suspended.sweep(10_000)
  },
  'the peer is gone': (room) => {
    const suspended = new Suspended(room.context)
    room.socket.close('reset')
    for (const bound of room.waiting) suspended.add(bound, A, 0, 0, 0)
    suspended.onGone(A, 0)
  },
  'the peer is gone before, and has not been heard since': (room) => {
    const suspended = new Suspended(room.context)
    suspended.onGone(A, 5)
    room.socket.close('reset')
    for (const bound of room.waiting) suspended.add(bound, A, 0, 5, 7)
  },
  'RESUME is refused': (room) => {
    const next = new LinkUnderTest()
    room.socket.close('reset')
    for (const bound of room.waiting) next.link.resume(bound)
    next.hears({ kind: 'refused', handle: 1, reason: 'link-lost', detail: 'forgotten' })
  },
}

/** All but `lacks` has been said, both ways; the client reads slowly. */
function clientThatDrains(room: LinkUnderTest, lacks: 'nothing' | 'their FIN' | 'an ACK of ours') {
  const over = clientOver(room)
  room.hears(opened(1))
  over.socket.say(bytesOf('up'))
  over.socket.sayEnd()
  over.socket.kernelRoom = 1
  room.hears(data(1, 0, 'down'))
  room.hears({ kind: 'ack', handle: 1, written: lacks === 'an ACK of ours' ? 2 : 3, acknowledged: 2, window: 1_000 })
  if (lacks !== 'their FIN') room.hears({ kind: 'fin', handle: 1, offset: 4 })
  return over
}

test('what the other half says that it has, when it is found again, counts as safe: nothing else would tell', () => {
  const [room, next] = [new LinkUnderTest(), new LinkUnderTest()]
  const { socket } = clientOver(room)
  room.hears(opened(1))
  socket.say(bytesOf('up'))
  socket.sayEnd()
  room.socket.close('reset')
  const [bound] = room.waiting
  if (bound?.role !== 'client') throw new Error('its client does not wait')
  const crossed: number[] = []
  bound.channel.carried = { crossed: (offset) => void crossed.push(offset) }
  next.link.resume(bound)
  assert.equal(crossed, [])
  next.hears({ kind: 'resumed', handle: 1, up: 2, down: 0, finUp: 'sent', finDown: 'none', window: 1_000 })
  assert.equal(crossed, [3])
})

for (const [loss, lose] of Object.entries(LOSSES)) {
  test(`a client that has only to read what is here does so in peace when ${loss}`, () => {
    const room = new LinkUnderTest()
    const { socket, finished } = clientThatDrains(room, 'nothing')
    lose(room)
    assert.equal([socket.resets, finished], [0, []])
    socket.drain(3)
    assert.ok(socket.closeIfDone())
    assert.equal([textOf(socket.delivered), finished], ['down', ['undefined: node-a']])
  })

  test(`a client to whom something of the other half is missing is reset when ${loss}`, () => {
    for (const lacks of ['their FIN', 'an ACK of ours'] as const) {
      const room = new LinkUnderTest()
      const { socket, finished } = clientThatDrains(room, lacks)
      lose(room)
      assert.equal([socket.resets, finished.length], [1, 1], lacks)
    }
  })
}

/** The program has said all; of the client's words some wait for it to read. */
function programThatReads(acknowledged: number) {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  program.kernelRoom = 0
  room.hears(data(2, 0, 'up'), { kind: 'fin', handle: 2, offset: 2 })
  program.say(bytesOf('down'))
  program.sayEnd()
  room.hears({ kind: 'ack', handle: 2, written: 5, acknowledged, window: 1_000 })
  room.socket.close('reset')
  room.now = 15_000
  room.backends.sweep(room.now)
  return { room, program }
}

test('a program gets its last bytes without a client half, if the client has acknowledged all of its own', () => {
  const { room, program } = programThatReads(5)
  assert.is(program.resets, 0)
  program.drain(2)
  assert.ok(program.closeIfDone())
  assert.equal([textOf(program.delivered), room.backends.halves.size], ['up', 0])
  assert.is(programThatReads(4).program.resets, 1)
})

test('a program that never takes its last bytes is reset in the end', () => {
  const { room, program } = programThatReads(5)
  for (const [now, resets] of [
    [900_000, 0],
    [900_001, 1],
  ] as const) {
    room.now = now
    room.backends.sweep(now)
    assert.is(program.resets, resets)
  }
  assert.is(room.backends.halves.size, 0)
})

test('a tombstone stays as long as the client goes on acknowledging, and 30 s more', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  program.say(bytesOf('down'))
  program.sayEnd()
  room.hears({ kind: 'fin', handle: 2, offset: 0 })
  program.closeIfDone()
  const staysAt = (now: number) => {
    room.now = now
    room.backends.sweep(now)
    return room.backends.halves.size === 1
  }
  for (const [now, acknowledged] of [
    [20_000, 1],
    [40_000, 2],
  ] as const) {
    assert.ok(staysAt(now))
    room.hears({ kind: 'ack', handle: 2, written: 5, acknowledged, window: 1_000 })
  }
  assert.equal([staysAt(70_000), staysAt(70_001)], [true, false])
})

/** A client whose OPEN was lost with its link, and the link by which RESUME asks for what may have come of it. */
function abandoned() {
  const first = new LinkUnderTest()
  const over = clientOver(first)
  first.socket.close('reset')
  const room = new LinkUnderTest()
  for (const bound of first.waiting) room.link.resume(bound)
  assert.equal(
    room.said().map(({ kind, handle }) => [kind, handle]),
    [['resume', 1]],
  )
  return { ...over, room }
}

test('the peer of an attempt that was given up may be lost in whatever way: the client is served elsewhere', () => {
  for (const [loss, lose] of Object.entries(LOSSES)) {
    const { room, socket, finished } = abandoned()
    lose(room)
    assert.equal([socket.resets, finished], [0, []], loss)
  }
})

test('no frame for an attempt that was given up reaches the client', () => {
  const { room, client, socket, finished, way } = abandoned()
  const other = new LinkUnderTest()
  way.link = other.link
  client.expire(100)
  other.hears(opened(1))
  room.hears(
    data(1, 7, 'of another attempt'),
    { kind: 'ack', handle: 1, written: 9, acknowledged: 9, window: 9 },
    { kind: 'fin', handle: 1, offset: 9 },
    { kind: 'reset', handle: 1, reason: 'other' },
    opened(1),
    { kind: 'refused', handle: 1, reason: 'link-lost', detail: '' },
  )
  assert.equal([socket.resets, socket.ended, socket.delivered, finished], [0, false, [], []])
})

test('an OPEN that is asked again by the same link ends first what the earlier one may have made', () => {
  const { room, client, way } = abandoned()
  way.link = room.link
  client.expire(100)
  assert.equal(
    room.said().map(({ kind, handle }) => [kind, handle]),
    [
      ['reset', 1],
      ['confirm', 1],
      ['open', 3],
    ],
  )
  room.hears({ kind: 'resumed', handle: 1, up: 0, down: 0, finUp: 'none', finDown: 'none', window: 1_000 })
  assert.equal(room.said(), [], 'and its late answer means nothing')
})

test('a reset that was said into a dead link is said again over the next', () => {
  const room = new LinkUnderTest()
  const program = room.splice(2)
  program.close('reset')
  room.said()
  const { id, term, service } = open(2)
  const progress = { up: 0, down: 0, finUp: 'none', finDown: 'none', window: 1_000 } as const
  const snapshot = new Uint8Array(0)
  room.hears({ kind: 'resume', handle: 4, id, term, service, ...progress, snapshot, snapshotAgeMs: 0 })
  assert.equal(
    room.said().map(({ kind, handle }) => [kind, handle]),
    [
      ['resumed', 4],
      ['reset', 4],
    ],
  )
})

test('a client that another director goes on with is not asked on over the next link, also where it waited for one', () => {
  const room = new LinkUnderTest()
  const { client } = clientOver(room)
  room.hears(opened(1))
  client.vanish('lease-lost')
  room.socket.close('reset')
  assert.equal(room.waiting, [])

  const other = new LinkUnderTest()
  const late = clientOver(other)
  other.hears(opened(1))
  other.socket.close('reset')
  const suspended = new Suspended(other.context)
  // Thought to be dead once, and heard since: it stood still.
  suspended.onGone(A, 5)
  for (const bound of other.waiting) suspended.add(bound, A, 0, 6, 7)
  assert.is(suspended.size, 1)
  late.client.vanish('lease-lost')
  assert.equal(suspended.take(A, 0), [])
})

test.run()
