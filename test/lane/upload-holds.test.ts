import type { HeldAck, HeldState } from '../../src/handoff/ports.js'
import { encodeSnapshot } from '../../src/handoff/snapshot-codec.js'
import { Channel, type ChannelLink } from '../../src/lane/channel.js'
import { UploadHolds } from '../../src/lane/upload-holds.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
import { UNHELD } from '../../src/proxy/reasons.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/upload-holds')
const FIRST = 0xfffffff0
const WINDOWS = { sendWindow: 65_535, maxWindow: 65_535, receiveWindow: 65_535 }
const SNAPSHOT = {
  ...WINDOWS,
  mss: 1_448,
  sack: true,
  windowScale: { send: 7, receive: 9 },
  timestamp: undefined,
  firstSent: 1,
  firstReceived: FIRST,
}

/** Sequence numbers as offsets of the client's bytes; `kernel`: what it has said so far. */
class FakeHold implements HeldAck {
  kernel = 0
  told: number
  isOver = false
  said = 0
  safe: number

  constructor({ released, told, last }: HeldState) {
    this.safe = (released - FIRST) >>> 0
    this.told = (told - FIRST) >>> 0
    this.kernel = ((last?.ack ?? released) - FIRST) >>> 0
  }

  release(seq: number): void {
    this.safe = (seq - FIRST) >>> 0
  }

  releaseAll(): void {
    this.safe = Math.max(this.safe, this.kernel)
  }

  get state(): HeldState {
    const seqOf = (offset: number) => (FIRST + offset) >>> 0
    const last = { seq: 9, ack: seqOf(this.kernel), window: 500, options: new Uint8Array(12) }
    return { released: seqOf(this.safe), told: seqOf(this.told), last }
  }

  get held(): number {
    return Math.max(0, this.kernel - this.safe)
  }

  get owed(): number {
    return Math.max(0, Math.min(this.kernel, this.safe) - this.told)
  }

  say(): void {
    this.said++
    this.told = Math.min(this.kernel, this.safe)
  }

  end(): void {
    this.isOver = true
  }
}

const LINK = { release: () => {} } as unknown as ChannelLink
const NODE = 'a'.repeat(32)

/** With room for so many. */
function empty(slots: number) {
  const [tasks, timers]: [(() => void)[], (() => void)[]] = [[], []]
  const made: FakeHold[] = []
  const asked: number[] = []
  const counters = { holdsRefused: 0, holdsLate: 0 }
  const holder = {
    get room() {
      return slots - made.filter(({ isOver }) => !isOver).length
    },
    hold: (_client: unknown, _service: unknown, from: HeldState, scale: number) => {
      asked.push(from.released, scale)
      const hold = new FakeHold(from)
      made.push(hold)
      return hold
    },
  }
  const host = {
    setup: { node: NODE },
    counters,
    defer: (task: () => void) => void tasks.push(task),
    soon: (_: number, task: () => void) => void timers.push(task),
  }
  return { holds: new UploadHolds(holder, host), made, asked, counters, tasks, timers }
}

function comer(passedOn = 0, more: object = {}) {
  const progress = { sent: passedOn, received: 0, finSent: false, finReceived: false }
  const half = { progress, isSocketGone: false }
  const snapshot = { bytes: encodeSnapshot(SNAPSHOT), at: 0 }
  const client = { snapshot, half, node: { node: 'b'.repeat(32) }, ...more } as unknown as ClientHalf
  return { client, half, channel: new Channel(LINK, 2) }
}

function site(passedOn = 0, from?: HeldState) {
  const { holds, made, asked, counters, tasks, timers } = empty(1)
  const { client, half, channel } = comer(passedOn)
  holds.begin(client, channel, from)
  const [hold] = made
  const upload = channel.carried
  if (hold === undefined || upload === undefined) throw new Error('nothing is held')
  const endTurn = () => {
    for (const task of tasks.splice(0)) task()
  }
  const tick = () => {
    for (const timer of timers.splice(0)) timer()
  }
  return { holds, client, half, channel, upload, hold, asked, counters, endTurn, tick }
}

test('it is held from the first byte that was not passed on, round the end of the numbers', () => {
  assert.equal(site().asked, [FIRST, 9])
  assert.equal(site(0x20).asked, [0x10, 9])
})

test('a client that has sent all it may hears at the end of the turn, one that goes on from the kernel, or a moment later', () => {
  const { upload, hold, endTurn, tick } = site()
  hold.kernel = 100
  upload.crossed(100)
  assert.is(hold.told, 0, 'answers of this turn may say it')
  endTurn()
  assert.is(hold.told, 100)
  hold.kernel = 300
  upload.crossed(200)
  endTurn()
  assert.is(hold.told, 100)
  tick()
  assert.is(hold.told, 200)
  upload.crossed(400)
  endTurn()
  assert.is(hold.told, 300, 'no more than the kernel has said')
})

test('what does not cross is released after two looks, and never between them while something crosses', () => {
  const { holds, upload, hold, counters } = site()
  holds.sweep()
  hold.kernel = 500
  holds.sweep()
  assert.is(hold.told, 0, 'it has just come')
  upload.crossed(100)
  holds.sweep()
  assert.is(hold.told, 100, 'as far as it has crossed')
  assert.is(counters.holdsLate, 0)
  holds.sweep()
  assert.is(hold.told, 500)
  assert.is(counters.holdsLate, 1, 'that is counted')
})

test('of a client that is over nothing is said, and it is held no longer', () => {
  const { holds, client, upload, hold, endTurn, tick } = site()
  hold.kernel = 10
  upload.crossed(10)
  holds.end(client)
  endTurn()
  tick()
  assert.is(hold.told, 0)
  assert.is(hold.isOver, true)
  assert.is(holds.size, 0)
})

test('another process goes on from what the client was told, and says the rest in the kernel’s place', () => {
  const { holds, client, half, upload, hold } = site(0x20)
  half.progress.sent = 0x500
  hold.kernel = 0x480
  upload.crossed(0x300)
  const from = holds.carried(client)
  assert.equal(from, { ...hold.state, released: (FIRST + 0x300) >>> 0, told: (FIRST + 0x20) >>> 0 })
  const next = site(0x500, from)
  assert.equal(next.asked, [(FIRST + 0x300) >>> 0, 9], 'and not from what was passed on')
  next.upload.crossed(0x500)
  next.endTurn()
  assert.is(next.hold.told, 0x480)
  holds.end(client)
  assert.is(holds.carried(client), undefined)
})

test('of each client it is known why it is acknowledged at once', () => {
  const { holds, counters } = empty(1)
  const [first, second, beside, mortal] = [
    comer(),
    comer(),
    comer(0, { node: { node: NODE } }),
    comer(0, { snapshot: { bytes: new Uint8Array(0), at: 0 } }),
  ]
  const all = [first, second, beside, mortal]
  const why = () => all.map(({ client }) => holds.unheld(client))
  assert.is(holds.unheld(first.client), UNHELD.beginning, 'nobody has asked for it yet')
  for (let look = 0; look < 3; look++) for (const { client, channel } of all) holds.begin(client, channel)
  assert.equal(why(), ['', UNHELD.full, UNHELD.beside, UNHELD.mortal])
  assert.is(counters.holdsRefused, 1, 'one connection, however often it is tried')
  first.channel.unbind()
  assert.is(holds.unheld(first.client), UNHELD.broken)
  first.channel.bind(LINK, 4)
  assert.is(holds.unheld(first.client), '')
  holds.end(first.client)
  holds.begin(second.client, second.channel)
  assert.is(holds.unheld(second.client), '', 'there is room now')
})

test('one whose socket is gone says nothing between two looks, though its last words cross', () => {
  const { half, upload, hold, endTurn, tick } = site()
  hold.kernel = 300
  upload.crossed(100)
  endTurn()
  half.isSocketGone = true
  tick()
  upload.crossed(200)
  endTurn()
  tick()
  assert.equal([hold.said, hold.isOver], [0, true])
})

test('one whose socket is gone holds nothing that another connection of the same ends may have, though its last words wait', () => {
  const { holds, client, channel, half, hold } = site()
  hold.kernel = 10
  holds.sweep()
  half.isSocketGone = true
  for (let look = 0; look < 3; look++) {
    holds.sweep()
    holds.begin(client, channel)
  }
  assert.equal([hold.isOver, hold.told, holds.size], [true, 0, 0])
})

test.run()
