import { type Asker, type Departure, TRANSIT_BYTES_MAX, Transit } from '../../src/lane/transit.js'
import type { MortalFrame } from '../../src/proxy/ledger-frames.js'
import { UNREAD_BYTES_MAX, type UnreadFrame, type UnservedFrame } from '../../src/proxy/unserved-frames.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/transit')
const TERM = { number: 7, holder: 'old' }
const ask = (number: number, service = 'web') =>
  ({ kind: 'ask', handle: 0, service, term: { number, holder: 'new' } }) as const

function departure(counter: number, fields: Partial<Departure> = {}): Departure {
  return {
    id: { node: 'old', boot: 1, counter },
    term: TERM,
    client: { address: '192.0.2.1', port: counter },
    destination: { address: '10.0.0.100', port: 80 },
    source: undefined,
    introduction: new Uint8Array(0),
    waitsFor: 'room',
    until: 6_000,
    startedAt: 1_000,
    leftAt: 2_000,
    snapshot: new Uint8Array(32),
    clock: 1,
    unread: new Uint8Array(0),
    isEnded: false,
    unsent: new Uint8Array(0),
    ...fields,
  }
}

class Link implements Asker {
  isUp = true
  readonly said: string[] = []

  constructor(readonly takesUnserved = true) {}

  say(frame: UnservedFrame | UnreadFrame | MortalFrame): void {
    if (frame.kind === 'mortal')
      this.said.push(`${frame.id.counter} is lost with ${frame.host}, term ${frame.term.number}`)
    else if (frame.kind === 'unread') this.said.push(`${frame.id.counter} ${frame.way} ${frame.bytes.byteLength}`)
    else {
      const { id, waitMs, ageMs, snapshotAgeMs } = frame.row
      this.said.push(`${id.counter} waits ${waitMs} of ${ageMs}, dark ${snapshotAgeMs}`)
    }
  }
}

const NOW = 2_500

function told(transit: Transit, number: number, service = 'web'): string[] {
  const link = new Link()
  transit.tell(ask(number, service), link, NOW)
  return link.said
}

test('each is told of once, in order, to whoever directs the service from then on', () => {
  const transit = new Transit()
  transit.add('web', [departure(1), departure(2, { until: undefined })], NOW)
  transit.add('web', [departure(3, { until: 2_400 })], NOW)
  assert.equal(told(transit, 8, 'mail'), [])
  assert.equal(told(transit, 6), [], 'by an earlier director than the one that had them')
  assert.equal(told(transit, 7), [
    '1 waits 3500 of 1500, dark 500',
    '2 waits 0 of 1500, dark 500',
    '3 waits 0 of 1500, dark 500',
  ])
  assert.equal(told(transit, 8), [])
})

test('a release that cannot go on with them hears who is lost, and tells it to the clients', () => {
  const transit = new Transit()
  transit.add('web', [departure(1, { unread: Uint8Array.of(1) }), departure(2)], NOW)
  const link = new Link(false)
  assert.is(transit.tell(ask(8), link, NOW), 2)
  assert.equal(link.said, ['1 is lost with old, term 8', '2 is lost with old, term 8'])
  assert.is(transit.tell(ask(9), link, NOW), 0)
  assert.is(transit.room, TRANSIT_BYTES_MAX)
})

test('their bytes go before them, in pieces', () => {
  const transit = new Transit()
  const unread = Uint8Array.from({ length: 2 * UNREAD_BYTES_MAX + 1 }, (_, i) => i)
  transit.add('web', [departure(1, { unread, unsent: Uint8Array.of(9) })], NOW)
  assert.is(transit.room, TRANSIT_BYTES_MAX - unread.byteLength - 1)
  assert.equal(told(transit, 8), [
    `1 up ${UNREAD_BYTES_MAX}`,
    `1 up ${UNREAD_BYTES_MAX}`,
    '1 up 1',
    '1 down 1',
    '1 waits 3500 of 1500, dark 500',
  ])
  assert.is(transit.room, TRANSIT_BYTES_MAX)
})

test('what nobody asks for is forgotten', () => {
  const transit = new Transit()
  transit.add('web', [departure(1, { unread: new Uint8Array(10) })], NOW)
  transit.sweep(11_999)
  assert.is(transit.room, TRANSIT_BYTES_MAX - 10)
  transit.sweep(12_000)
  assert.is(transit.room, TRANSIT_BYTES_MAX)
  assert.equal(told(transit, 8), [])
})

test('a lane that is told late to give a service away tells whoever has asked meanwhile', () => {
  const transit = new Transit()
  const link = new Link()
  transit.tell(ask(8), link, NOW)
  transit.add('web', [departure(1)], NOW)
  assert.equal(link.said.splice(0), ['1 waits 3500 of 1500, dark 500'])
  assert.equal(told(transit, 9), [], 'once')

  link.isUp = false
  transit.tell(ask(8), link, NOW)
  transit.add('web', [departure(2)], NOW)
  assert.equal(link.said, [])
  assert.is(told(transit, 9).length, 1, 'it waits for the next')

  const own = new Transit()
  const before = new Link()
  // The very director that gives it away had asked when it began.
  own.tell(ask(7), before, NOW)
  own.add('web', [departure(3)], NOW)
  assert.equal(before.said, [])
  assert.is(told(own, 8).length, 1)
})

test.run()
