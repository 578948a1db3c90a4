import { type Departure, TRANSIT_BYTES_MAX, Transit } from '../../src/lane/transit.js'
import { UNREAD_BYTES_MAX } from '../../src/proxy/unserved-frames.js'
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

function told(transit: Transit, number: number, now = 2_500): string[] {
  return transit.tell(ask(number), now).map((frame) => {
    if (frame.kind === 'unread') return `${frame.id.counter} ${frame.way} ${frame.bytes.byteLength}`
    const { id, waitMs, ageMs, snapshotAgeMs } = frame.row
    return `${id.counter} waits ${waitMs} of ${ageMs}, dark ${snapshotAgeMs}`
  })
}

test('each is told of once, in order, to whoever directs the service from then on', () => {
  const transit = new Transit()
  transit.add('web', [departure(1), departure(2, { until: undefined })])
  transit.add('web', [departure(3, { until: 2_400 })])
  assert.equal(transit.tell(ask(8, 'mail'), 2_500), [])
  assert.equal(told(transit, 6), [], 'by an earlier director than the one that had them')
  assert.equal(told(transit, 7), [
    '1 waits 3500 of 1500, dark 500',
    '2 waits 0 of 1500, dark 500',
    '3 waits 0 of 1500, dark 500',
  ])
  assert.equal(told(transit, 8), [])
})

test('their bytes go before them, in pieces', () => {
  const transit = new Transit()
  const unread = Uint8Array.from({ length: 2 * UNREAD_BYTES_MAX + 1 }, (_, i) => i)
  transit.add('web', [departure(1, { unread, unsent: Uint8Array.of(9) })])
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
  transit.add('web', [departure(1, { unread: new Uint8Array(10) })])
  transit.sweep(11_999)
  assert.is(transit.room, TRANSIT_BYTES_MAX - 10)
  transit.sweep(12_000)
  assert.is(transit.room, TRANSIT_BYTES_MAX)
  assert.equal(told(transit, 8), [])
})

test.run()
