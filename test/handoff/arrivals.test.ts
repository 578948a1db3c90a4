import { Prng } from '../../src/base/prng.js'
import { Arrivals } from '../../src/handoff/arrivals.js'
import {
  decodeHandoff,
  encodeHandoff,
  type HandoffMessage,
  PACKETS_BYTES_MAX,
  sharesOf,
} from '../../src/handoff/messages.js'
import { PacketStore } from '../../src/handoff/packet-store.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/arrivals')
const packet = (length: number, value = 1) => new Uint8Array(length).fill(value)

class Room {
  readonly heard: string[] = []
  readonly open = new Set<string>()
  readonly arrivals = new Arrivals({
    isOpen: (contest) => this.open.has(contest),
    deliver: (contest, packets, dropped) =>
      this.heard.push(`${contest} ${packets.map(({ length }) => length)} ${dropped}`),
  })
}

test('packets wait until the connections of their address hear, in order, and are heard at once from then on', () => {
  const room = new Room()
  room.arrivals.heard('web', [packet(40), packet(50)], 0)
  room.arrivals.heard('mail', [packet(60)], 0)
  room.arrivals.heard('web', [packet(70)], 1)
  assert.equal(room.heard, [])
  room.open.add('web')
  room.arrivals.onOpen('web', 2)
  room.arrivals.onOpen('web', 2)
  room.arrivals.heard('web', [packet(80)], 3)
  assert.equal(room.heard, ['web 40,50,70 0', 'web 80 0'])
})

test('what waits too long is forgotten, too much is dropped and counted, and so are too many addresses', () => {
  const room = new Room()
  room.arrivals.heard('web', [packet(40)], 0)
  room.arrivals.onOpen('web', 3_001)
  assert.equal(room.heard, [])
  for (let i = 0; i < 70; i++) room.arrivals.heard(`web${i}`, Array(65).fill(packet(65_536)), 4_000)
  for (let i = 0; i < 70; i++) room.arrivals.onOpen(`web${i}`, 4_000)
  assert.is(room.heard.length, 64)
  assert.match(room.heard[0] ?? '', / 1$/)
})

test('a store drops the newest', () => {
  const store = new PacketStore(100)
  for (const [length, value] of [
    [60, 1],
    [50, 2],
    [40, 3],
  ] as const)
    store.push(packet(length, value))
  assert.equal([store.bytes, store.dropped], [100, 1])
  assert.equal(
    store.take().map(([first]) => first),
    [1, 3],
  )
  assert.equal([store.bytes, store.take().length], [0, 0])
})

test('messages: what is written is read; shares fit; anything else is no message', () => {
  const messages: HandoffMessage[] = [
    { kind: 'can-you', contest: '10.0.0.1' },
    { kind: 'ready', contest: 'web', why: 'is leaving' },
    { kind: 'packets', contest: 'fd00::1', packets: [packet(40), packet(1_500, 7)] },
  ]
  for (const message of messages) {
    const bytes = encodeHandoff(message)
    assert.equal(decodeHandoff(bytes), message)
    for (let cut = 0; cut < bytes.length; cut++) {
      const read = decodeHandoff(bytes.subarray(0, cut))
      assert.ok(read === undefined || read.kind === 'packets', `cut at ${cut}`)
    }
  }
  assert.is(decodeHandoff(Uint8Array.of(99, 0, 0)), undefined)
  const random = new Prng(5)
  for (let i = 0; i < 2_000; i++) decodeHandoff(Uint8Array.from({ length: random.below(40) }, () => random.below(256)))
  const shares = [...sharesOf(Array(10).fill(packet(60_000)))]
  assert.is(shares.flat().length, 10)
  for (const share of shares) assert.ok(share.reduce((sum, { length }) => sum + length, 0) <= PACKETS_BYTES_MAX)
  assert.equal([...sharesOf([])], [])
})

test.run()
