import type { HeldAck } from '../../src/handoff/ports.js'
import { encodeSnapshot } from '../../src/handoff/snapshot-codec.js'
import { Channel } from '../../src/lane/channel.js'
import { UploadHolds } from '../../src/lane/upload-holds.js'
import type { ClientHalf } from '../../src/proxy/client-half.js'
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
  released: number
  told: number
  isOver = false
  constructor(seq: number) {
    this.released = (seq - FIRST) >>> 0
    this.told = this.released
    this.kernel = this.released
  }

  release(seq: number): void {
    this.released = (seq - FIRST) >>> 0
  }

  releaseAll(): void {
    this.released = Math.max(this.released, this.kernel)
  }

  get held(): number {
    return Math.max(0, this.kernel - this.released)
  }

  get owed(): number {
    return Math.max(0, Math.min(this.kernel, this.released) - this.told)
  }

  say(): void {
    this.told = Math.min(this.kernel, this.released)
  }

  end(): void {
    this.isOver = true
  }
}

function site(passedOn = 0) {
  const [tasks, timers]: [(() => void)[], (() => void)[]] = [[], []]
  let hold: FakeHold | undefined
  const asked: number[] = []
  const holds = new UploadHolds(
    {
      hold: (_client, _service, seq, scale) => {
        asked.push(seq, scale)
        hold = new FakeHold(seq)
        return hold
      },
    },
    { setup: { node: 'a'.repeat(32) }, defer: (task) => tasks.push(task), soon: (_, task) => timers.push(task) },
  )
  const progress = { sent: passedOn, received: 0, finSent: false, finReceived: false }
  const half = { progress, isSocketGone: false }
  const client = { snapshot: { bytes: encodeSnapshot(SNAPSHOT), at: 0 }, half } as unknown as ClientHalf
  const channel = new Channel(undefined, 2)
  holds.begin(client, channel)
  const upload = channel.carried
  if (hold === undefined || upload === undefined) throw new Error('nothing is held')
  const endTurn = () => {
    for (const task of tasks.splice(0)) task()
  }
  const tick = () => {
    for (const timer of timers.splice(0)) timer()
  }
  return { holds, client, half, upload, hold, asked, endTurn, tick }
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
  const { holds, upload, hold } = site()
  holds.sweep()
  hold.kernel = 500
  holds.sweep()
  assert.is(hold.told, 0, 'it has just come')
  upload.crossed(100)
  holds.sweep()
  assert.is(hold.told, 100, 'as far as it has crossed')
  holds.sweep()
  assert.is(hold.told, 500)
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

test('one whose socket is gone holds nothing that another connection of the same ends may have, though its last words wait', () => {
  const { holds, half, hold } = site()
  hold.kernel = 10
  holds.sweep()
  half.isSocketGone = true
  for (let look = 0; look < 3; look++) holds.sweep()
  assert.equal([hold.isOver, hold.told, holds.size], [true, 0, 0])
})

test.run()
