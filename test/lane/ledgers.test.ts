/** When a lane says what it has: after the last word of a director that is dead, and not a moment later than it must. */
import type { Backends } from '../../src/lane/backends.js'
import { Ledgers } from '../../src/lane/ledgers.js'
import { Mortals } from '../../src/lane/mortals.js'
import { Transit } from '../../src/lane/transit.js'
import type { LedgerRow, MortalFrame } from '../../src/proxy/ledger-frames.js'
import type { SpliceFrame } from '../../src/proxy/splice-frame.js'
import { assert, suite } from '../harness/suite.js'
import { FRAMES } from '../proxy/splice-frames.js'
import { fakeContext } from './fake-context.js'

const test = suite('lane/ledgers')
const ASK = FRAMES['ask'] as Extract<SpliceFrame, { kind: 'ask' }>
const { row: ROW } = FRAMES['row'] as { readonly row: LedgerRow }

class Room {
  now = 1_000
  heardAt = 1_000
  /** Directors that halves are still bound to. */
  bound = ['old']
  obeys = true
  readonly said: string[] = []
  #tasks: (() => void)[] = []
  readonly ledgers: Ledgers
  readonly transit = new Transit()

  /** `lateMs`: the lane stood still for so long before it read the question. */
  constructor(lateMs = 0) {
    this.now += lateMs
    const sockets = { engine: 'fake', dial: this.#none, listen: this.#none }
    const lane = { sockets }
    Object.defineProperty(lane, 'now', { get: () => this.now })
    const context = fakeContext(lane as typeof lane & { readonly now: number }, 'me')
    const backends = {
      directorsOf: () => this.bound,
      handOver: () => (this.obeys ? [ROW, ROW] : undefined),
    } as unknown as Backends
    const soon = (_afterMs: number, task: () => void) => void this.#tasks.push(task)
    const mortals = new Mortals()
    mortals.take({}, FRAMES['mortal'] as MortalFrame)
    this.ledgers = new Ledgers({ ...context, soon }, backends, mortals, this.transit, () => this.now - this.heardAt)
    const say = ({ kind }: SpliceFrame) => void this.said.push(kind)
    this.ledgers.onAsk({ peer: { node: 'new', name: 'new' }, isUp: true, takesUnserved: true, say }, ASK)
  }

  pass(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now++
      for (const task of this.#tasks.splice(0)) task()
    }
  }

  /** One turn that is so much too late. */
  late(ms: number): void {
    this.now += ms - 1
    this.pass(1)
  }

  #none(): never {
    throw new Error('not asked for here')
  }
}

const ALL = ['row', 'row', 'mortal', 'ledger']

test('its links are read until they end', () => {
  const room = new Room()
  room.heardAt = Number.POSITIVE_INFINITY
  room.pass(50)
  assert.equal(room.said, [], 'more may come')
  room.bound = []
  room.pass(1)
  assert.equal(room.said, ALL)
})

test('or until nothing has come for a while: its host is off', () => {
  const room = new Room()
  room.pass(19)
  assert.equal(room.said, [])
  room.pass(1)
  assert.equal(room.said, ALL)
})

test('a lane that was late first hears what has lain in its kernel meanwhile', () => {
  const room = new Room(300)
  assert.equal(room.said, [], 'it has not looked')
  room.heardAt = room.now
  room.pass(19)
  assert.equal(room.said, [], 'the last words of the old director')
  room.pass(1)
  assert.equal(room.said, ALL)
  const quiet = new Room(300)
  quiet.pass(2)
  assert.equal(quiet.said, ALL, 'nothing was there')
})

test('nor does a lane that is late on its way take that for silence, or for too long', () => {
  const room = new Room()
  room.late(500)
  assert.equal(room.said, [])
  room.heardAt = Number.POSITIVE_INFINITY
  room.pass(200)
  assert.equal(room.said, [], 'it is read for as long as ever')
})

test('one that goes on all the same is cut', () => {
  const room = new Room()
  room.heardAt = Number.POSITIVE_INFINITY
  room.pass(201)
  assert.equal(room.said, [])
  room.pass(1)
  assert.equal(room.said, ALL)
})

test('whoever asks in a term that is over is told nothing', () => {
  const room = new Room()
  room.obeys = false
  room.pass(30)
  assert.equal(room.said, [])
})

test.run()
