/** Rebuilt sockets are let go when all is there that the dead director may have sent, and never before. */

import { encodeSegment, FLAG } from '../../src/handoff/segment.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
import { assert, suite } from '../harness/suite.js'
import { COUNTERPART, ROW, Room } from './revival-room.js'

const test = suite('lane/revivals')
const KEPT_MS_MAX = 5_000

test('each is let go when its kept bytes are here, though the address came before', () => {
  const room = new Room()
  const [prompt, late] = [room.revive(0), room.revive(1_000)]
  room.revivals.letGo()
  assert.equal([prompt.let, late.let], [0, undefined])
  room.comes(1, 999)
  room.pass(1)
  assert.is(late.let, undefined)
  room.comes(1, 1)
  room.pass(1)
  assert.is(late.let, 1_000)
  assert.equal(room.tasks, [], 'and nobody looks any more')
})

test('whole when the last has all; told once', () => {
  const room = new Room()
  room.revive(500)
  room.revive(0)
  let told = 0
  room.revivals.onceWhole(() => told++)
  room.pass(1)
  assert.is(told, 0)
  room.comes(0, 500)
  room.pass(1)
  room.pass(1)
  assert.is(told, 1)
})

test('what does not come in time ends its connection alone, with an RST', () => {
  const room = new Room()
  const [first, second] = [room.revive(10), room.revive(10)]
  let told = 0
  room.revivals.onceWhole(() => told++)
  room.revivals.letGo()
  room.comes(0, 10)
  room.pass(KEPT_MS_MAX)
  assert.equal([told, first.let, first.resets], [1, 10, 0])
  assert.equal([second.let, second.resets, room.finished], [0, 1, ['link-lost']])
})

test('one that is over meanwhile is waited for by nobody', () => {
  const room = new Room()
  const gone = room.revive(10)
  room.clients[0]?.half.abort('idle-limit')
  let told = 0
  room.revivals.onceWhole(() => told++)
  room.revivals.letGo()
  assert.equal([told, gone.let], [1, 0])
})

test('clients are listened to from before the address is here until the last of them is judged', () => {
  const room = new Room()
  room.revive(0)
  room.revivals.sweep(room.now)
  assert.is(room.hasTap, true, 'not one has been let go yet')
  room.revivals.letGo()
  room.revivals.sweep(room.now)
  assert.is(room.hasTap, true)
  room.clients[0]?.half.abort('idle-limit')
  room.revivals.sweep(room.now)
  room.revivals.sweep(room.now)
  assert.is(room.hasTap, false)
})

test('a late ledger, when the address has long been here', () => {
  const room = new Room()
  room.revivals.letGo()
  const late = room.revive(10)
  assert.is(late.let, undefined)
  room.comes(0, 10)
  room.pass(1)
  assert.is(late.let, 10)
})

test('settled when none is frozen any more, and each client has said what it has; or when that has been asked for long enough', () => {
  const room = new Room()
  assert.ok(room.revivals.isSettled)
  const socket = room.revive(10)
  assert.not(room.revivals.isSettled, 'it is frozen')
  room.revivals.letGo()
  socket.isSettled = false
  room.comes(0, 10)
  room.pass(1)
  assert.not(room.revivals.isSettled, 'its client has not answered')
  socket.isSettled = true
  room.pass(1)
  assert.ok(room.revivals.isSettled)
  room.revive(0).isSettled = false
  for (let round = 0; room.tasks.length > 0; round++) {
    assert.ok(round < 100 && !room.revivals.isSettled)
    room.pass(1)
  }
  assert.ok(room.revivals.isSettled)
})

test('a socket that has stood all the time goes on at once, from what is written to it', () => {
  const room = new Room()
  const { half } = room.adopt()
  assert.equal([half.isClosed, half.received, half.sent], [false, 2_500, ROW.up])
  assert.equal([room.unsettled.length, room.probes, room.revivals.counts.revived], [1, 1, 1])
  const told: number[][] = []
  const listening = {
    ...COUNTERPART,
    ack: (written: number, acknowledged: number) => void told.push([written, acknowledged]),
  }
  room.adopt(listening).half.rejoin(ROW.up, false)
  assert.equal(told[0], [2_500, 2_300], 'what the client has not acknowledged is kept on the other side')
})

test('one of whose bytes some are lost with its lane is reset, on both sides, and counted', () => {
  const room = new Room()
  const resets: string[] = []
  room.offsets = { verdict: 'reset', why: 'the lane that died had read 3 bytes that it had not passed on' }
  const client = room.adopt({ ...COUNTERPART, reset: (reason) => void resets.push(reason) })
  assert.equal([client.half.isClosed, room.made[0]?.resets, resets], [true, 1, ['input-lost']])
  assert.equal([room.revivals.verdicts.counts.reset, room.finished], [1, ['input-lost']])
  room.offsets = { verdict: 'gone', why: 'in TCP state 7' }
  room.adopt()
  assert.equal([room.revivals.verdicts.counts.gone, room.finished], [1, ['input-lost', 'peer-reset']])
})

test('how long a client was in the dark is counted until its socket is let go: so long its timer may wait before it sends again', () => {
  const room = new Room()
  const socket = room.revive(0)
  // A node is waited for that does not answer.
  room.now += 4_900
  room.revivals.letGo()
  const { client, destination } = room.clients[0] as ClientHalf
  const ahead = encodeSegment(client, destination, { seq: 900, ack: 1, flags: FLAG.ack })
  room.hears(client.address, ahead, ahead.byteLength)
  // 1 s + 2 × (100 ms before the row came + 4.9 s since).
  room.now += 10_999
  room.revivals.sweep(room.now)
  assert.is(socket.resets, 0)
  room.now += 1
  room.revivals.sweep(room.now)
  assert.equal([socket.resets, room.finished], [1, ['input-lost']])
})

test('a node that tells late, since it stood still, counts the dark from when it woke: nobody has answered since this term began', () => {
  const room = new Room()
  room.now += 2_000
  const socket = room.revive(0)
  room.revivals.letGo()
  const { client, destination } = room.clients[0] as ClientHalf
  const ahead = encodeSegment(client, destination, { seq: 900, ack: 1, flags: FLAG.ack })
  room.hears(client.address, ahead, ahead.byteLength)
  room.now += 4_999
  room.revivals.sweep(room.now)
  assert.is(socket.resets, 0)
  room.now += 1
  room.revivals.sweep(room.now)
  assert.is(socket.resets, 1)
})

test('who had the last word is known from its row, whatever comes again', () => {
  const room = new Room()
  room.revive(500, false, true)
  room.revive(500, false, false)
  const rests = () => room.clients.map(({ half }) => half.isAtRest)
  assert.equal(rests(), [true, false])
  for (const which of [0, 1]) room.comes(which, 500)
  assert.equal(rests(), [true, false], 'those bytes are older than the question')
  for (const which of [0, 1]) room.comes(which, 1)
  assert.equal(rests(), [true, true], 'the answer')
})

test('one whose bytes may not be whole is doubtful', () => {
  const room = new Room()
  room.revive(500, false)
  const [client] = room.clients
  if (client === undefined) throw new Error('not rebuilt')
  assert.ok(room.revivals.isDoubtful(client), 'frozen')
  room.comes(0, 500)
  room.revivals.letGo()
  assert.ok(room.revivals.isDoubtful(client), 'not heard of yet')
})

test.run()
