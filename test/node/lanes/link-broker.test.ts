import { Prng } from '../../../src/base/prng.js'
import { type BrokerEvent, LinkBroker, offersTo, PAIRS_MAX } from '../../../src/node/lanes/link-broker.js'
import { FEATURES } from '../../../src/trunk/hello.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C } from '../sample.js'

const test = suite('node/lanes/link-broker')

/** The broker of one node, and what it did at each event. */
class Room {
  readonly broker: LinkBroker
  now = 1_000

  constructor(self: string, lanes = 1, seed = 1) {
    this.broker = new LinkBroker(self, lanes, new Prng(seed))
  }

  feed(event: BrokerEvent): string[] {
    this.broker.handle(event, this.now)
    return this.#effects()
  }

  /** `pair`, or the number of lanes. */
  hear(type: BrokerEvent['type'], peer: string, pair = 0): string[] {
    return this.feed({ type, peer, pair, lanes: pair } as BrokerEvent)
  }

  /** Goes to the next deadline; how long that took, and what was done. */
  wait(): { waitedMs: number; effects: string[] } {
    const deadline = this.broker.nextDeadline()
    if (deadline === undefined) return { waitedMs: Number.POSITIVE_INFINITY, effects: [] }
    const waitedMs = deadline - this.now
    this.now = deadline
    this.broker.tick(this.now)
    return { waitedMs, effects: this.#effects() }
  }

  #effects(): string[] {
    const effects: string[] = []
    for (let effect = this.broker.poll(); effect !== undefined; effect = this.broker.poll()) {
      effects.push(`${effect.type} ${effect.peer.slice(0, 1)}${effect.pair === 0 ? '' : ` ${effect.pair}`}`)
    }
    return effects
  }
}

test('of two nodes the one with the lower id offers, and the other waits', () => {
  assert.equal(new Room(A).hear('control-up', B), ['offer b'])
  const waiting = new Room(B)
  assert.equal(waiting.hear('control-up', A), [])
  assert.equal(waiting.hear('data-down', A), [])
  assert.is(waiting.broker.nextDeadline(), undefined)
})

test('an offer without a link is made again, until there is one', () => {
  const room = new Room(A)
  room.hear('control-up', B)
  const first = room.wait()
  assert.equal(first.effects, ['offer b'])
  assert.ok(first.waitedMs > 4_000, `${first.waitedMs} ms`)
  assert.equal(room.wait().effects, ['offer b'])
  assert.equal(room.hear('data-up', B), [])
  assert.ok(room.broker.isUp(B))
  assert.is(room.broker.nextDeadline(), undefined)
})

test('a link that breaks is offered again soon, and ever later while it goes on breaking', () => {
  const room = new Room(A)
  room.hear('control-up', B)
  room.hear('data-up', B)
  const waits: number[] = []
  for (let i = 0; i < 8; i++) {
    assert.equal(room.hear('data-down', B), [], 'not at once: both ends may just be starting')
    const { waitedMs, effects } = room.wait()
    assert.equal(effects, ['offer b'])
    waits.push(waitedMs)
  }
  assert.ok((waits[0] ?? 0) <= 100, `first after ${waits[0]} ms`)
  assert.ok((waits[7] ?? 0) >= 2_500 && (waits[7] ?? 0) <= 5_000, `last after ${waits[7]} ms`)
  room.hear('data-up', B)
  room.hear('data-down', B)
  assert.ok(room.wait().waitedMs <= 100, 'a link that stood starts the count again')
})

test('a link outlives its control link, and is not offered again while it stands', () => {
  const room = new Room(A)
  room.hear('control-up', B)
  room.hear('data-up', B)
  assert.equal(room.hear('control-down', B), [])
  assert.ok(room.broker.isUp(B))
  assert.equal(room.hear('control-up', B), [])
  room.hear('data-down', B)
  assert.equal(room.wait().effects, ['offer b'])
})

test('without a control link nothing is offered, also for a link that came up late', () => {
  const room = new Room(A)
  room.hear('control-up', B)
  room.hear('control-down', B)
  assert.is(room.broker.nextDeadline(), undefined)
  room.hear('data-up', B)
  room.hear('data-down', B)
  assert.is(room.broker.nextDeadline(), undefined)
  assert.equal(room.hear('control-up', B), ['offer b'])
})

test('there are as many links as the node with more lanes has lanes, each with pauses of its own', () => {
  const room = new Room(A, 2)
  assert.equal(room.hear('control-up', B), ['offer b', 'offer b 1'])
  assert.equal(room.hear('lanes', B, 1), [])
  assert.equal(room.hear('lanes', B, 3), ['offer b 2'])
  for (const pair of [0, 1, 2]) room.hear('data-up', B, pair)
  room.hear('data-down', B, 1)
  assert.equal([room.broker.isUp(B, 0), room.broker.isUp(B, 1)], [true, false])
  assert.equal(room.wait().effects, ['offer b 1'])
  room.hear('control-down', B)
  assert.is(room.broker.nextDeadline(), undefined)
})

test('a peer that claims a million lanes gets a bounded number of offers, and the higher id offers none', () => {
  const room = new Room(A)
  room.hear('control-up', B)
  assert.is(room.hear('lanes', B, 1_000_000).length, PAIRS_MAX - 1)
  assert.is(new Room(A, 96).hear('control-up', B).length, PAIRS_MAX, 'nor are there more for lanes of this node')
  const other = new Room(B)
  other.hear('control-up', A)
  assert.equal(other.hear('lanes', A, 4), [])
})

test('peers wait each for themselves', () => {
  const room = new Room(A)
  room.hear('control-up', B)
  assert.equal(room.hear('control-up', C), ['offer c'])
  room.hear('data-up', B)
  assert.equal(room.wait().effects, ['offer c'])
})

test('whoever dialled the control link offers, where both know that; a carried link says nothing', () => {
  const { diallerOffers } = FEATURES
  assert.equal(offersTo({ dialled: true, carried: false, features: diallerOffers }), { offers: true })
  assert.equal(offersTo({ dialled: false, carried: false, features: diallerOffers }), { offers: false })
  assert.equal(offersTo({ dialled: true, carried: false, features: 0 }), {})
  assert.equal(offersTo({ dialled: true, carried: true, features: diallerOffers }), {})
  const high = new Room(B)
  assert.equal(high.feed({ type: 'control-up', peer: A, offers: true }), ['offer a'])
  assert.equal(new Room(A).feed({ type: 'control-up', peer: B, offers: false }), [])
  assert.equal(high.hear('lanes', A, 2), ['offer a 1'])
})

test('a link that cannot be made is told after more than one attempt, at either end, and no more when it is there', () => {
  for (const offers of [true, false]) {
    const room = new Room(A)
    room.feed({ type: 'control-up', peer: B, offers })
    const since = room.now
    for (; room.now < since + 7_900; room.now += 100) {
      if ((room.now - since) % 3_000 === 2_900) room.hear('data-down', B)
      assert.not(room.broker.isLacking(B, room.now))
    }
    room.now = since
    assert.ok(room.broker.isLacking(B, room.now + 8_000), 'attempts that fail are no beginning')
    assert.not(room.broker.isLacking(C, room.now + 8_000))
    room.hear('data-up', B)
    assert.not(room.broker.isLacking(B, room.now + 60_000))
    room.hear('data-down', B)
    assert.ok(room.broker.isLacking(B, room.now + 60_000))
    room.hear('control-down', B)
    assert.not(room.broker.isLacking(B, room.now + 60_000), 'then it is missing with the control link')
  }
})

test.run()
