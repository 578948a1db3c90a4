import { FAREWELLS_MAX, Farewells, type Parting } from '../../src/handoff/farewell.js'
import { FLAG, type Segment } from '../../src/handoff/segment.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/farewell')

const CLIENT = { address: '192.0.2.1', port: 40_000 }
const PARTING: Parting = { client: CLIENT, destination: { address: '10.0.0.100', port: 80 } }

function segment(fields: Partial<Segment> = {}): Segment {
  return { sourcePort: 40_000, destinationPort: 80, seq: 5_000, ack: 9_000, length: 0, flags: FLAG.ack, ...fields }
}

class Room {
  readonly sent: string[] = []
  now = 1_000
  isLost = true
  readonly farewells = new Farewells(
    () => this.isLost,
    ({ client }, { seq, ack, flags }) => {
      const what = flags === FLAG.ack ? 'tickle' : `rst${(flags & FLAG.ack) === 0 ? '' : ' ack'}`
      this.sent.push(`${what} ${client.port} ${seq}:${ack}`)
    },
  )

  constructor() {
    this.farewells.add(PARTING, this.now)
  }

  look(afterMs = 0): string[] {
    this.now += afterMs
    this.farewells.look(this.now)
    return this.sent.splice(0)
  }

  hear(fields?: Partial<Segment>): string[] {
    this.farewells.hear(CLIENT.address, segment(fields), this.now)
    return this.sent.splice(0)
  }
}

test('asked at once; its answer shows where an RST fits, and its kernel says when it knows no more', () => {
  const room = new Room()
  assert.equal(room.look(), ['tickle 40000 0:0'])
  assert.equal(room.look(599), [])
  assert.equal(room.hear(), ['rst ack 40000 9000:5000'])
  assert.equal(room.look(1), ['tickle 40000 0:0'], 'the RST may have been lost')
  assert.equal(room.hear({ flags: FLAG.rst }), [])
  assert.is(room.farewells.size, 0)
  assert.equal(room.farewells.counts, { reset: 1, gone: 1, silent: 0, untold: 0 })
})

test('whoever speaks by itself is answered, behind all that it has said; not more than once in 500 ms', () => {
  const room = new Room()
  assert.equal(room.hear({ seq: 0xffff_fff0, length: 100 }), ['rst ack 40000 9000:84'])
  room.now += 499
  assert.equal(room.hear({ length: 100 }), [])
  room.now += 1
  assert.equal(room.hear({ length: 100 }), ['rst ack 40000 9000:5100'])
  assert.is(room.farewells.counts.reset, 1, 'counted once')
})

test('a connection that is somebody’s after all gets no RST, and neither does a new one from the same port', () => {
  const one = new Room()
  one.isLost = false
  assert.equal([one.hear(), one.farewells.size], [[], 0])
  const two = new Room()
  assert.equal(two.hear({ flags: FLAG.syn }), [])
  assert.equal([two.farewells.size, two.hear()], [0, []])
  const three = new Room()
  three.isLost = false
  assert.equal([three.look(), three.farewells.size], [[], 0], 'and is not asked')
})

test('segments of others, to other ports, or without an acknowledgement mean nothing', () => {
  const room = new Room()
  assert.equal(
    [room.hear({ sourcePort: 40_001 }), room.hear({ destinationPort: 81 }), room.hear({ flags: 0 })],
    [[], [], []],
  )
  assert.is(room.farewells.size, 1)
})

test('whoever is silent is asked ever more rarely, and then left alone', () => {
  const room = new Room()
  const asked: number[] = []
  for (let at = 0; at < 200_000; at += 100) if (room.look(at === 0 ? 0 : 100).length > 0) asked.push(at)
  assert.equal(asked, [0, 600, 1_800, 4_200, 9_000, 18_600, 48_600, 108_600])
  assert.equal([room.farewells.size, room.farewells.counts.silent], [0, 1])
})

test('many are asked in turns, each once; too many are not taken, and counted', () => {
  const asked = new Map<number, number>()
  let inTurn = 0
  const farewells = new Farewells(
    () => true,
    ({ client }) => {
      inTurn++
      asked.set(client.port, (asked.get(client.port) ?? 0) + 1)
    },
  )
  const { destination } = PARTING
  for (let i = 0; i < FAREWELLS_MAX + 5; i++) {
    farewells.add({ client: { address: `192.0.2.${i >> 16}`, port: i & 0xffff }, destination }, 0)
  }
  assert.equal([farewells.size, farewells.counts.untold], [FAREWELLS_MAX, 5])
  const turns = FAREWELLS_MAX / 256
  for (let turn = 0; turn < turns; turn++) {
    inTurn = 0
    farewells.look(0)
    assert.is(inTurn, 256)
  }
  assert.equal([asked.size, Math.max(...asked.values())], [FAREWELLS_MAX, 1])
})

test.run()
