/** Rebuilt sockets are let go when all is there that the dead director may have sent, and never before. */

import type { OnSegment } from '../../src/handoff/ports.js'
import { encodeSegment, FLAG } from '../../src/handoff/segment.js'
import type { AdoptedSocket, FrozenSocket, Rebuilder } from '../../src/lane/frozen-socket.js'
import type { LedgerLink } from '../../src/lane/recovery.js'
import { Revivals } from '../../src/lane/revivals.js'
import type { ClientHalf, ClientHost } from '../../src/proxy/client-half.js'
import type { Counterpart } from '../../src/proxy/counterpart.js'
import type { LedgerRow } from '../../src/proxy/ledger-frames.js'
import { assert, suite } from '../harness/suite.js'
import { FakePlaces } from '../proxy/fake-places.js'
import { FakeSocket } from '../proxy/fake-socket.js'
import { FRAMES } from '../proxy/splice-frames.js'
import { fakeContext } from './fake-context.js'

const test = suite('lane/revivals')
const KEPT_MS_MAX = 5_000
const { row: ROW } = FRAMES['row'] as { readonly row: LedgerRow }

const NUMBERS = { receiveSeq: 1, sendSeq: 1, aheadMax: 100_000 }

class Frozen extends FakeSocket implements FrozenSocket {
  /** What had been written when it was let go. */
  let: number | undefined
  isClockTrue = false
  isSettled = true
  letGo = () => {
    this.let ??= this.delivered.length
  }
  bytesAcknowledged = () => 0
  settle = () => true
  inbound = () => 'nothing' as const
  probe = () => {}
}

const COUNTERPART: Counterpart = {
  congested: false,
  isRemote: true,
  rttMs: 0,
  data: () => {},
  ack: () => {},
  fin: () => {},
  freeze: () => {},
  reset: () => {},
  confirm: () => {},
}

class Room {
  now = 1_000
  readonly tasks: (() => void)[] = []
  readonly made: Frozen[] = []
  hasTap = false
  hears: OnSegment = this.#none
  readonly #untap = () => {
    this.hasTap = false
  }
  readonly finished: string[] = []
  readonly revivals: Revivals
  readonly clients: ClientHalf[] = []
  /** Of a socket that is adopted. */
  offsets: AdoptedSocket['offsets'] = { received: 2_500, finSent: false, acknowledged: 2_300 }
  probes = 0
  /** Of every socket. */
  unread = 0
  readonly unsettled: unknown[] = []

  constructor() {
    const sockets = { engine: 'fake', dial: this.#none, listen: this.#none }
    const lane = { sockets, post: () => {} }
    Object.defineProperty(lane, 'now', { get: () => this.now })
    const context = fakeContext(lane as typeof lane & { readonly now: number }, 'me')
    const host = {
      clock: context.clock,
      pool: context.pool,
      gate: { isOpen: () => true },
      service: { name: 'web', address: ROW.destination.address, keepaliveMs: 7_000 },
      term: { number: 9, holder: 'me' },
      places: new FakePlaces([]),
      onJoined: () => {},
      onFinished: (_client: ClientHalf, reason: string) => this.finished.push(reason),
      onUnsettled: (client: ClientHalf) => void this.unsettled.push(client),
    }
    const rebuilder: Rebuilder = {
      past: (snapshot) => snapshot,
      snapshot: () => ({ bytes: new Uint8Array(0), at: 0 }),
      adopt: () => {
        const socket = new Frozen()
        this.made.push(socket)
        const standing = { inbound: () => 'nothing' as const, probe: () => void this.probes++ }
        const snapshot = { bytes: ROW.snapshot, at: this.now }
        return { socket, snapshot, numbers: NUMBERS, offsets: this.offsets, standing }
      },
      adoptFresh: () => undefined,
      rebuild: (_row, keepaliveMs) => {
        assert.is(keepaliveMs, 7_000, 'as the service has it')
        const socket = new Frozen()
        this.made.push(socket)
        return { socket, snapshot: { bytes: ROW.snapshot, at: this.now }, numbers: NUMBERS }
      },
      tap: (_address, onSegment) => {
        this.hasTap = true
        this.hears = onSegment
        return { send: () => {}, close: this.#untap }
      },
      isTaken: () => false,
      unread: () => this.unread,
    }
    const soon = (_afterMs: number, task: () => void) => void this.tasks.push(task)
    this.revivals = new Revivals(
      host as unknown as ClientHost & { readonly outward: ClientHost },
      { ...context, soon },
      rebuilder,
    )
  }

  /** A connection of which `kept` bytes are on their way from its backend half. */
  revive(kept: number, finUp = ROW.finUp, isAnswered = true): Frozen {
    const link = {
      revive: (client: ClientHalf) => client.goOn({ node: 'b', name: 'b' }, ROW, COUNTERPART),
    } as unknown as LedgerLink
    const client = this.revivals.revive(
      { ...ROW, finUp, acknowledged: 2_000, down: 2_000 + kept, isAnswered },
      link,
      100,
    )
    if (client === undefined) throw new Error('not rebuilt')
    this.clients.push(client)
    return this.made.at(-1) as Frozen
  }

  /** One whose lane has died. */
  adopt(counterpart = COUNTERPART): ClientHalf {
    const link = {
      revive: (client: ClientHalf) => client.goOn({ node: 'b', name: 'b' }, ROW, counterpart),
    } as unknown as LedgerLink
    const ends = { client: ROW.client, destination: ROW.destination }
    return this.revivals.adopt({ ...ROW, acknowledged: 2_000, down: 3_000 }, link, { fd: 7, isAccepted: true, ...ends })
  }

  comes(which: number, bytes: number): void {
    const { half } = this.clients[which] as ClientHalf
    half.receiveData(half.received, new Uint8Array(bytes))
  }

  pass(ms: number): void {
    this.now += ms
    for (const task of this.tasks.splice(0)) task()
  }

  #none(): never {
    throw new Error('not asked for here')
  }
}

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
