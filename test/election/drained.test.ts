/** A drained node gives away what it holds, and stands for nothing, even where nobody else does. */
import { ORDINARY, type Standing } from '../../src/election/ports.js'
import { assert, suite } from '../harness/suite.js'
import { idOf, Room } from './script.js'

const test = suite('election/drained')
const LETTERS = ['a', 'b', 'c']
const DRAINED: Standing = { ...ORDINARY, directs: false, drained: true }

function trio(): { room: Room; director: string; others: readonly string[] } {
  const room = new Room()
  for (const letter of LETTERS) room.add(letter, letter === 'a')
  room.link('a', 'b', 'c')
  room.run(6_000)
  const [director = ''] = room.acting()
  return { room, director, others: LETTERS.filter((letter) => letter !== director) }
}

/** Everybody hears it. */
function drain(room: Room, letter: string, standing: Standing): void {
  for (const to of LETTERS) room.feed(to, { type: 'member', node: idOf(letter), alive: true, standing })
}

test('it is no candidate, keeps what it holds until it is taken, and votes', () => {
  const { room, director, others } = trio()
  drain(room, director, DRAINED)
  room.run(2_000)
  assert.equal(room.acting(), [director], 'a service is not dropped')
  const { candidates } = room.machine(director).explain('web', room.now)
  assert.not.ok(candidates.includes(idOf(director)))
  const [next = ''] = others
  room.feed(director, { type: 'transfer', service: 'web', to: idOf(next) })
  room.run(500)
  assert.equal(room.acting(), [next])
  assert.is(room.machine(next).explain('web', room.now).votes.length, 3)
})

test('all are drained: nobody stands; one that is put back does', () => {
  const { room, director } = trio()
  for (const letter of LETTERS) drain(room, letter, DRAINED)
  room.feed(director, { type: 'resign', service: 'web' })
  room.run(5_000)
  assert.equal(room.acting(), [])
  drain(room, director, ORDINARY)
  room.run(1_000)
  assert.equal(room.acting(), [director])
})

test('what is handed to it is not taken', () => {
  const { room, director, others } = trio()
  const [drained = ''] = others
  drain(room, drained, DRAINED)
  room.feed(director, { type: 'transfer', service: 'web', to: idOf(drained) })
  room.run(4_000)
  assert.is(room.acting().length, 1)
  assert.is.not(room.acting()[0], drained)
})

/** To all: the rules of the service. */
function rule(room: Room, keptOut: readonly string[]): void {
  const rules = { failback: false, alone: undefined, keptOut: keptOut.map(idOf) }
  for (const to of LETTERS) room.feed(to, { type: 'services', services: [{ name: 'web', rules }] })
}

test('kept out of one service: no candidate there, it does not stand, and it takes nothing that is handed to it', () => {
  const { room, director, others } = trio()
  rule(room, [director])
  assert.not.ok(room.machine(director).explain('web', room.now).candidates.includes(idOf(director)))
  const [next = '', last = ''] = others
  room.feed(director, { type: 'transfer', service: 'web', to: idOf(next) })
  room.run(500)
  assert.equal(room.acting(), [next])
  room.feed(next, { type: 'transfer', service: 'web', to: idOf(director) })
  room.run(4_000)
  assert.ok(room.acting().every((letter) => letter !== director) && room.acting().length === 1)
  rule(room, [director, next, last])
  room.feed(room.acting()[0] ?? '', { type: 'resign', service: 'web' })
  room.run(5_000)
  assert.equal(room.acting(), [], 'nobody may')
  rule(room, [])
  room.run(2_000)
  assert.is(room.acting().length, 1)
})

test.run()
