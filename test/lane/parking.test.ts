/** Clients whose program is gone: who is kept, who is told, and how the next program gets them. */
import { LOOKS_MS } from '../../src/lane/program-ends.js'
import { assert, suite } from '../harness/suite.js'
import type { FakeSocket } from '../proxy/fake-socket.js'
import { DirectingLane, type Splice, WEB } from './directing-lane.js'
import { A, bytesOf, textOf } from './link-under-test.js'

const test = suite('lane/parking')
const PARK_MS = 5_000
const HERE = [{ port: 80, address: '10.0.0.1' }]
const SEAT = { node: A, name: 'a', port: 80 }

class ParkingLane extends DirectingLane {
  constructor(parkMs = PARK_MS, sorry = '') {
    super()
    this.lane.receive({ type: 'services', services: [{ ...WEB, parkMs, sorry }] })
  }

  /** Whose program has had the last word, some time ago. */
  idle(): Splice {
    const splice = this.splice()
    this.assertAlive(splice)
    this.pass(1_000)
    return splice
  }

  listening(isThere: boolean, ending: readonly string[] = []): void {
    this.lane.receive({ type: 'local-listeners', listeners: isThere ? HERE : [], ending })
    this.lane.receive({ type: 'backends', service: 'web', seats: isThere && ending.length === 0 ? [SEAT] : [] })
  }

  pass(ms: number): void {
    this.now += ms
    this.lane.sweep(this.now)
    this.looks()
  }

  looks(): void {
    for (const task of this.soon.splice(0)) task()
  }

  report() {
    this.lane.receive({ type: 'query', query: 1, limit: 10 })
    const answer = this.heard.at(-1)
    if (answer?.type !== 'answer') throw new Error('no answer')
    const [service] = answer.report.perService
    const { parked, resumed, givenUp } = service?.placement ?? {}
    const { counters, splices } = answer.report
    const [since] = splices.map(({ startedAt }) => startedAt)
    return { parked, resumed, givenUp, since, states: splices.map(({ state }) => state), counters }
  }

  /** Another program takes the client. */
  resumes(client: Splice['client']): FakeSocket {
    const before = this.lastProgram
    this.listening(true)
    this.pass(2_000)
    assert.is.not(this.lastProgram, before, 'it was dialled')
    this.openLast()
    this.assertAlive({ client, program: this.lastProgram })
    return this.lastProgram
  }
}

function ends({ client }: Splice): string {
  return client.resets > 0 ? 'reset' : client.ended ? 'ended' : 'open'
}

test('a program that is no more leaves its idle client to the next, which begins anew with it', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  splice.program.sayEnd()
  assert.is(ends(splice), 'open', 'nothing is known yet')
  lane.listening(false)
  assert.is(ends(splice), 'open')
  assert.equal([lane.report().states, lane.report().parked], [['parked'], 1])
  assert.is(lane.report().since, 1_000, 'it came then')
  assert.is(splice.client.paused, true)
  lane.resumes(splice.client)
  const { parked, resumed, givenUp, states, counters } = lane.report()
  assert.equal([parked, resumed, givenUp, states], [0, 1, 0, ['open']])
  assert.equal([counters.accepted, counters.reset, counters.ended], [1, 0, 0], 'it is one connection')
  assert.equal([counters.bytesUp, counters.bytesDown], [8, 8], 'of the splice that was, and of the one that goes on')
})

test('the kernel is asked, and knows before the news of it comes', () => {
  for (const listens of [true, false, undefined]) {
    const lane = new ParkingLane()
    const splice = lane.idle()
    lane.listensAt = () => true
    splice.program.sayEnd()
    lane.looks()
    assert.equal([ends(splice), lane.report().parked], ['open', 0])
    lane.listensAt = () => listens
    lane.looks()
    assert.equal([ends(splice), lane.report().parked], ['open', listens === false ? 1 : 0])
  }
})

test('one that is being stopped is known to end at once, also while it listens', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  lane.listening(true, ['web'])
  splice.program.sayEnd()
  assert.equal([ends(splice), lane.report().parked], ['open', 1])
  lane.resumes(splice.client)
})

test('again and again, and each time anew', () => {
  const lane = new ParkingLane()
  const { client } = lane.idle()
  for (let i = 1; i <= 20; i++) {
    lane.pass(1_000)
    lane.lastProgram.sayEnd()
    lane.listening(false)
    lane.pass(PARK_MS - 2_001)
    lane.resumes(client)
    assert.is(lane.report().resumed, i)
  }
})

test('a program that ends a connection and stays: the client is told within the time for a look', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  splice.program.sayEnd()
  for (const _ of LOOKS_MS) {
    assert.is(ends(splice), 'open')
    lane.looks()
  }
  assert.equal([ends(splice), lane.report().parked], ['ended', 0])
})

test('what ends with its answer is told at once', () => {
  const lane = new ParkingLane()
  const splice = lane.splice()
  splice.client.say(bytesOf('one question'))
  splice.program.say(bytesOf('one answer'))
  splice.program.sayEnd()
  assert.equal([ends(splice), textOf(splice.client.delivered)], ['ended', 'one answer'])
})

test('whoever waits for an answer is told at once, also of a program that is gone', () => {
  for (const isKnown of [false, true]) {
    const lane = new ParkingLane()
    const splice = lane.idle()
    splice.client.say(bytesOf('a question'))
    if (isKnown) lane.listening(false)
    splice.program.sayEnd()
    assert.is(ends(splice), 'ended')
  }
})

test('whoever asks while the end is withheld is told as well', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  splice.program.sayEnd()
  splice.client.say(bytesOf('a question'))
  lane.listening(false)
  assert.is(ends(splice), 'ended')
})

test('an RST is an RST: its kernel had bytes of the client that the program had not read', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  lane.listening(false)
  splice.program.close('reset')
  assert.equal([ends(splice), lane.report().parked], ['reset', 0])
})

test('a client that has said nothing had nothing to be read: FIN, RST, or not even accepted', () => {
  for (const how of ['fin', 'rst'] as const) {
    const lane = new ParkingLane()
    const splice = lane.splice()
    if (how === 'fin') splice.program.sayEnd()
    else splice.program.close('reset')
    assert.equal([ends(splice), lane.report().parked], ['open', 0])
    lane.listening(false)
    assert.equal([ends(splice), lane.report().parked], ['open', 1])
    lane.resumes(splice.client)
  }
  const lane = new ParkingLane()
  const splice = lane.splice()
  splice.program.close('reset')
  for (const _ of LOOKS_MS) lane.looks()
  assert.is(ends(splice), 'reset', 'its program lives')
})

test('a client that has ended its side is none that could go on', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  splice.client.sayEnd()
  lane.listening(false)
  splice.program.sayEnd()
  assert.is(ends(splice), 'ended')
})

test('when the time is over it is an RST; what the client says before waits in its kernel', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  lane.listening(false)
  splice.program.sayEnd()
  lane.pass(PARK_MS - 1)
  assert.equal([ends(splice), splice.client.paused], ['open', true])
  lane.pass(1)
  const { parked, resumed, givenUp, counters } = lane.report()
  assert.equal([ends(splice), parked, resumed, givenUp], ['reset', 0, 0, 1])
  splice.client.close('aborted')
  assert.is(counters.refused + counters.reset, 1)
})

test('no program is asked before the client has all that the one before has said', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  splice.client.inFlight = 4
  lane.listening(false)
  splice.program.sayEnd()
  lane.listening(true)
  lane.pass(1_000)
  assert.equal([lane.lastProgram, lane.report().parked], [splice.program, 1])
  splice.client.inFlight = 0
  lane.pass(1_000)
  assert.is.not(lane.lastProgram, splice.program)
})

test('one that goes away while it is parked is no more', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  lane.listening(false)
  splice.program.sayEnd()
  splice.client.close('reset')
  assert.equal([lane.report().parked, lane.report().states], [0, []])
})

test('a program that refuses is asked again, ever less often', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  lane.listening(false)
  splice.program.sayEnd()
  lane.listening(true)
  let asked = 0
  for (let before = lane.lastProgram, ms = 0; ms < PARK_MS - 100; ms += 100) {
    lane.pass(100)
    if (lane.lastProgram === before) continue
    before = lane.lastProgram
    asked++
    before.close('refused')
  }
  assert.ok(asked >= 4 && asked <= 12, `asked ${asked} times`)
  assert.is(ends(splice), 'open')
})

test('the sorry backend is for those who come, not for one in the middle of its talk', () => {
  const lane = new ParkingLane(PARK_MS, '10.0.0.9:80')
  const splice = lane.idle()
  lane.listening(false)
  lane.lane.receive({ type: 'backends', service: 'web', seats: [], quorate: false })
  splice.program.sayEnd()
  lane.pass(1_000)
  assert.equal([lane.lastProgram, lane.report().parked], [splice.program, 1])
  lane.accept()
  assert.is.not(lane.lastProgram, splice.program, 'another is given to it')
})

test('without the option nothing of all this', () => {
  const lane = new ParkingLane(0)
  const splice = lane.idle()
  lane.listening(false)
  splice.program.sayEnd()
  assert.is(ends(splice), 'ended')
})

test('when the director stops, who is parked is told', () => {
  const lane = new ParkingLane()
  const splice = lane.idle()
  lane.listening(false)
  splice.program.sayEnd()
  lane.lane.receive({ type: 'undirect', service: 'web', slot: 0, why: 'service-removed' })
  assert.is(ends(splice), 'reset')
})

test.run()
