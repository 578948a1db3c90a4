/** A bug in what belongs to one splice: who is told, what ends, and what goes on. */
import { assert, suite } from '../harness/suite.js'
import { bug, DirectingLane, IDLE_MS, type Splice } from './directing-lane.js'
import { A, bytesOf, data, LinkUnderTest, textOf } from './link-under-test.js'

const test = suite('lane/faults')

test('a half that throws at its other half’s bytes: an incident of that splice, which is reset on both sides', () => {
  const room = new DirectingLane()
  const [first, second, third] = [room.splice(), room.splice(), room.splice()]
  second.program.write = bug
  room.during(second.client.fd, () => second.client.say(bytesOf('x')))
  assert.equal([second.client.resets, second.program.resets], [1, 1])
  assert.equal(room.faults(), [2])
  for (const splice of [first, third]) room.assertAlive(splice)
  for (const socket of [second.client, second.program]) socket.closeIfDone()
  assert.equal(room.count(), { active: 2, incidents: 1 })
})

test('a half that throws at its own program’s bytes is found by the program’s descriptor', () => {
  const room = new DirectingLane()
  const [first, second] = [room.splice(), room.splice()]
  first.client.write = bug
  room.during(first.program.fd, () => first.program.say(bytesOf('x')))
  assert.equal([first.client.resets, first.program.resets, ...room.faults()], [1, 1, 1])
  room.assertAlive(second)
})

test('a half that throws at its socket’s end is known by itself, and the other side is reset', () => {
  const room = new DirectingLane()
  const [first, second] = [room.splice(), room.splice()]
  room.endFails = true
  // Its descriptor is closed then, and may be another's.
  room.during(-1, () => first.client.close('reset'), first.client.handler)
  room.endFails = false
  assert.equal([...room.faults(), first.program.resets], [1, 1])
  first.program.closeIfDone()
  assert.is(room.count().active, 1)
  room.assertAlive(second)
})

test('an accepted client whose handling throws is reset and named, and the next one is welcome', () => {
  const room = new DirectingLane()
  room.dialFails = true
  const unlucky = room.accept()
  assert.equal([unlucky.resets, room.faults(), room.count()], [1, [1], { active: 0, incidents: 1 }])
  room.dialFails = false
  room.assertAlive(room.splice())
})

test('one splice that throws when it is swept keeps no other from its turn', () => {
  const room = new DirectingLane()
  const splices = [room.splice(), room.splice(), room.splice()]
  const [, second] = splices as [Splice, Splice, Splice]
  second.program.reset = bug
  room.now += IDLE_MS + 1
  room.during(-1, () => room.lane.sweep(room.now))
  assert.equal(
    splices.map(({ client }) => client.resets),
    [1, 1, 1],
  )
  assert.ok(room.faults().length > 0 && room.faults().every((splice) => splice === 2))
  for (const { client, program } of splices) for (const socket of [client, program]) socket.closeIfDone()
  assert.is(room.count().active, 0)
})

test('one that cannot even be ended does not keep the others, or the lease’s slot, when the service is let go', () => {
  const room = new DirectingLane()
  const splices = [room.splice(), room.splice(), room.splice()]
  const [first] = splices as [Splice, Splice, Splice]
  first.program.reset = bug
  room.during(-1, () => room.lane.receive({ type: 'undirect', service: 'web', slot: 0, why: 'lease-lost' }))
  assert.equal(
    splices.map(({ client }) => client.resets),
    [1, 1, 1],
  )
  assert.equal(room.heard.at(-1), { type: 'undirected', service: 'web', slot: 0 })
})

test('a half that throws at a frame of its link: the peer is told of that splice, and the link carries the others', () => {
  const room = new LinkUnderTest()
  const [first, second] = [room.splice(2), room.splice(4)]
  first.write = bug
  room.hears(data(2, 0, 'x'), data(4, 0, 'behind it in the same record'))
  assert.equal([first.resets, second.resets, room.link.isUp], [1, 0, true])
  assert.equal(room.said(), [{ kind: 'reset', handle: 2, reason: 'other' }])
  assert.is(textOf(second.delivered), 'behind it in the same record')
})

test('a half that throws when its link, its peer or its time is gone keeps no other from its turn', () => {
  const ends: Readonly<Record<string, (room: LinkUnderTest) => void>> = {
    'the peer stops': (room) => room.hears({ kind: 'goodbye', handle: 0, reason: 'node-stopping' }),
    'its process is gone': (room) => {
      room.socket.close('reset')
      room.backends.onGone(A)
    },
    'nobody resumes': (room) => {
      room.socket.close('reset')
      room.backends.sweep(60_000)
    },
  }
  for (const [why, end] of Object.entries(ends)) {
    const room = new LinkUnderTest()
    const programs = [room.splice(2), room.splice(4), room.splice(6)]
    const reset = programs[1]?.reset.bind(programs[1])
    let calls = 0
    Object.assign(programs[1] ?? {}, { reset: () => (calls++ === 0 ? bug() : reset?.()) })
    end(room)
    assert.equal(
      programs.map(({ resets }) => resets),
      [1, 1, 1],
      why,
    )
    assert.match(room.events.join(), 'down')
  }
})

test('a fault that belongs to no splice is logged with its place in the code, and nothing ends', () => {
  const room = new DirectingLane()
  const splice = room.splice()
  room.during(-1, bug)
  assert.equal([room.faults(), room.count().incidents], [[0], 1])
  const log = room.heard.find((message) => message.type === 'log' && message.event === 'lane-fault')
  assert.match(JSON.stringify(log), 'faults.test.ts')
  room.assertAlive(splice)
})

test.run()
