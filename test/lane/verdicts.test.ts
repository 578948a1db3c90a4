/** What clients of rebuilt connections say, and what it makes of these. */

import { encodeSegment, FLAG } from '../../src/handoff/segment.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
import { assert, suite } from '../harness/suite.js'
import { type Frozen, ROW, Room } from './revival-room.js'

const test = suite('lane/verdicts')
/** 4 s + 2 × 100 ms after a verdict, and 10 s + 2 × 100 ms after a gap that was seen then. */
const WATCHED_MS_MAX = 14_400

/** Let go, and its client has said so much, with so many bytes. */
function judged(room: Room, words: { readonly seq: number; readonly ack: number; readonly bytes?: number }): Frozen {
  const socket = room.revive(0, false)
  room.revivals.letGo()
  say(room, words)
  return socket
}

function say(room: Room, words: { readonly seq: number; readonly ack: number; readonly bytes?: number }): void {
  const { client, destination } = room.clients.at(-1) as ClientHalf
  const segment = encodeSegment(client, destination, { ...words, flags: FLAG.ack })
  room.hears(client.address, segment, segment.byteLength + (words.bytes ?? 0))
}

test('what a client says counts if it fits its connection, and no verdict is open then', () => {
  const room = new Room()
  judged(room, { seq: 1, ack: 1 })
  room.revivals.sweep(room.now)
  assert.equal([room.revivals.verdicts.open, room.revivals.report().unverified], [1, 1])
  room.now += 300
  room.revivals.sweep(room.now)
  assert.equal([room.revivals.verdicts.open, room.revivals.verdicts.counts.proven], [0, 1])
  assert.is(room.hasTap, true, 'it is listened to a little longer')
  room.now += 1_300
  room.revivals.sweep(room.now)
  room.revivals.sweep(room.now)
  assert.is(room.hasTap, false)
})

test('one that is decided the moment it is heard is counted as well', () => {
  const room = new Room()
  judged(room, { seq: 1, ack: 1, bytes: 1 })
  room.revivals.sweep(room.now)
  const { open, counts } = room.revivals.verdicts
  assert.equal([open, counts.proven], [0, 1])
  room.clients[0]?.half.abort('idle-limit')
  room.revivals.sweep(room.now)
  assert.equal([room.revivals.verdicts.open, counts.proven, counts.gone], [0, 1, 0])
})

test('what does not fit is no word: of bytes that it was never sent, or of those that it had acknowledged before', () => {
  for (const ack of [4, 0]) {
    const room = new Room()
    const socket = judged(room, { seq: 900, ack })
    room.now += 20_000
    room.revivals.sweep(room.now)
    assert.equal([room.revivals.verdicts.open, socket.resets], [1, 0])
  }
})

test('a client that is heard from beyond after its verdict, and whose socket stays where it is, is reset after all', () => {
  const room = new Room()
  const socket = judged(room, { seq: 1, ack: 1, bytes: 100 })
  room.revivals.sweep(room.now)
  assert.is(room.revivals.verdicts.counts.proven, 1)
  say(room, { seq: 901, ack: 1 })
  for (let passed = 0; passed < 10_200; passed += 100) {
    room.revivals.sweep(room.now)
    room.now += 100
  }
  room.unread = 1
  room.revivals.sweep(room.now)
  assert.is(socket.resets, 0, 'what is not read yet says nothing')
  room.unread = 0
  room.now += 10_200
  room.revivals.sweep(room.now)
  const { proven, reset } = room.revivals.verdicts.counts
  assert.equal([socket.resets, room.finished, proven, reset], [1, ['input-lost'], 0, 1])
})

/** After all that is watched for has had its time. */
function lookOn(room: Room): void {
  for (let passed = 0; passed <= WATCHED_MS_MAX; passed += 100) {
    room.revivals.sweep(room.now)
    room.now += 100
  }
}

test('the number of our FIN may be acknowledged, and none behind it', () => {
  for (const [ack, decided] of [
    [2, 1],
    [3, 0],
  ] as const) {
    const room = new Room()
    judged(room, { seq: 1, ack, bytes: 1 })
    room.revivals.sweep(room.now)
    assert.is(room.revivals.verdicts.counts.proven, decided, `ACK ${ack}`)
  }
})

test('what looks like a gap after the verdict, and is none: an end that was passed on, bytes that wait for credit, a stranger', () => {
  const cases: Record<string, (room: Room, socket: Frozen) => void> = {
    'the client’s end': (room, socket) => {
      socket.sayEnd()
      say(room, { seq: 102, ack: 1 })
    },
    'bytes that wait for credit': (room, socket) => {
      socket.say(new Uint8Array(150))
      assert.ok(room.clients[0]?.half.isHolding)
      say(room, { seq: 251, ack: 1 })
    },
    'a stranger': (room) => {
      say(room, { seq: 901, ack: 1 })
      say(room, { seq: 101, ack: 1 })
    },
  }
  for (const [what, happens] of Object.entries(cases)) {
    const room = new Room()
    const socket = judged(room, { seq: 1, ack: 1, bytes: 100 })
    const { half } = room.clients[0] as ClientHalf
    half.receiveAck(ROW.up, ROW.up, 200)
    socket.say(new Uint8Array(100))
    assert.is(half.sent, ROW.up + 100)
    room.revivals.sweep(room.now)
    happens(room, socket)
    lookOn(room)
    assert.equal([socket.resets, room.revivals.verdicts.counts.proven], [0, 1], what)
  }
})

function sweepAfter(room: Room, ms: number): void {
  room.now += ms
  room.revivals.sweep(room.now)
}

test('one that sleeps keeps nobody from hearing of the verdicts on the others', () => {
  const room = new Room()
  judged(room, { seq: 1, ack: 0 })
  const told = () => room.logged.filter(({ event }) => event === 'verdicts').map(({ fields }) => fields['unverified'])
  sweepAfter(room, 29_000)
  assert.equal(told(), [])
  for (let i = 0; i < 3; i++) sweepAfter(room, 1_000)
  assert.equal(told(), [1])
  room.clients[0]?.half.abort('idle-limit')
  for (let i = 0; i < 3; i++) sweepAfter(room, 1_000)
  assert.equal(told(), [1, 0])
})

test('a client that is rebuilt once more before its verdict is open once', () => {
  const room = new Room()
  for (let i = 0; i < 2; i++) {
    room.revive(0)
    room.revivals.letGo()
  }
  assert.is(room.revivals.verdicts.open, 1)
})

test.run()
