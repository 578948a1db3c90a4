import { FLAG, readSegment } from '../../src/handoff/segment.js'
import type { Rebuilder } from '../../src/lane/frozen-socket.js'
import { Partings } from '../../src/lane/partings.js'
import type { FromLane } from '../../src/proxy/lane-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { fakeContext } from './fake-context.js'
import { A } from './link-under-test.js'

const test = suite('lane/partings')

const DESTINATION = { address: '10.0.0.100', port: 80 }
const parting = (port: number) => ({ client: { address: '192.0.2.1', port }, destination: DESTINATION })

class Room {
  now = 1_000
  readonly sent: string[] = []
  readonly heard: FromLane[] = []
  taps = 0
  taken = new Set<number>()
  #hear: ((from: string, header: Uint8Array, length: number) => void) | undefined
  readonly partings: Partings

  constructor(mayTap = true) {
    const rebuilder = {
      tap: (address: string, onSegment: (from: string, header: Uint8Array, length: number) => void) => {
        assert.is(address, DESTINATION.address)
        if (!mayTap) return { why: 'not here' }
        this.taps++
        this.#hear = onSegment
        return {
          send: (to: string, bytes: Uint8Array) => {
            const { destinationPort, flags = 0, seq } = readSegment(bytes, bytes.byteLength) ?? {}
            this.sent.push(`${(flags & FLAG.rst) === 0 ? 'ask' : 'reset'} ${to} ${destinationPort} ${seq}`)
          },
          close: () => {
            this.taps--
            this.#hear = undefined
          },
        }
      },
      unread: () => 0,
      isTaken: (_local: object, { port }: { port: number }) => this.taken.has(port),
    } as unknown as Rebuilder
    const lane = { now: 0, sockets: {} as never, post: (message: FromLane) => void this.heard.push(message) }
    const context = { ...fakeContext(lane, A), clock: { now: () => this.now, wall: () => 0 } }
    this.partings = new Partings('web', DESTINATION.address, context, rebuilder)
  }

  says(port: number, flags: number = FLAG.ack): string[] {
    const bytes = new Uint8Array(20)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, port)
    view.setUint16(2, 80)
    view.setUint32(8, 9_000)
    view.setUint8(12, 0x50)
    view.setUint8(13, flags)
    this.#hear?.('192.0.2.1', bytes, 20)
    return this.sent.splice(0)
  }

  sweep(mayTell: (host: string) => boolean = () => false): string[] {
    this.partings.sweep(this.now, mayTell)
    return this.sent.splice(0)
  }
}

test('those of a host that may still tell of them are left in peace, and the tap is there before', () => {
  const room = new Room()
  room.partings.expect('b', parting(1))
  room.partings.expect('c', parting(2))
  assert.is(room.taps, 1)
  assert.equal(
    room.sweep((host) => host === 'b'),
    ['ask 192.0.2.1 2 0'],
  )
  assert.equal(room.says(1), [])
  assert.equal(room.sweep(), ['ask 192.0.2.1 1 0'])
  assert.equal(room.says(1), ['reset 192.0.2.1 1 9000'])
})

test('what a socket of this host has is nobody’s to reset', () => {
  const room = new Room()
  room.partings.add(parting(1))
  assert.equal(room.sweep(), ['ask 192.0.2.1 1 0'])
  room.taken.add(1)
  assert.equal(room.says(1), [])
  room.taken.clear()
  assert.equal(room.says(1), [], 'and it is not asked about again')
})

test('when all is told the tap is closed, and the log says how many there were', () => {
  const room = new Room()
  for (const port of [1, 2]) room.partings.add(parting(port))
  room.sweep()
  for (const port of [1, 2]) room.says(port)
  for (const port of [1, 2]) room.says(port, FLAG.rst)
  assert.is(room.taps, 1)
  room.sweep()
  room.sweep()
  assert.is(room.taps, 0)
  const lines = room.heard.map((message) => (message.type === 'log' ? [message.event, message.fields] : message.type))
  assert.equal(lines, [['farewells', { service: 'web', reset: 2, gone: 2, silent: 0, untold: 0 }]])
})

test('without a raw socket nobody is told, and nothing is kept', () => {
  const room = new Room(false)
  room.partings.expect('b', parting(1))
  room.partings.add(parting(2))
  assert.equal([room.sweep(), room.heard], [[], []])
})

test('whoever is in a ledger is not lost, whichever is heard first', () => {
  const room = new Room()
  room.partings.expect('b', parting(1))
  room.partings.forget(parting(1))
  room.partings.forget(parting(2))
  room.partings.expect('b', parting(2))
  room.partings.expect('b', parting(3))
  assert.equal(room.sweep(), ['ask 192.0.2.1 3 0'])
})

test('whom a ledger tells of that cannot be rebuilt is told, also where another node is expected to know of it', () => {
  const room = new Room()
  room.partings.expect('host', parting(1))
  room.partings.lose(parting(1))
  room.partings.lose(parting(2))
  room.partings.sweep(room.now, (host) => host === 'host')
  assert.equal(
    room.sent.map((line) => line.split(' ').slice(0, 3).join(' ')),
    ['ask 192.0.2.1 1', 'ask 192.0.2.1 2'],
  )
})

test.run()
