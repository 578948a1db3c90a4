/** The word of an endorsement may come late, or meet a candidacy of the successor's own. */
import { encodeElection } from '../../src/election/codec.js'
import { assert, suite } from '../harness/suite.js'
import { idOf, Room } from './script.js'

const test = suite('election/transfer')

function trio(): { room: Room; director: string; others: readonly [string, string]; releases: () => number } {
  const room = new Room()
  for (const letter of ['a', 'b', 'c']) room.add(letter, letter === 'a')
  room.link('a', 'b', 'c')
  room.run(6_000)
  const [director = ''] = room.acting()
  const [one = '', other = ''] = ['a', 'b', 'c'].filter((letter) => letter !== director)
  let count = 0
  room.lets = (_from, _to, message) => {
    if (message.kind === 'release') count++
    return true
  }
  return { room, director, others: [one, other], releases: () => count }
}

const endorse = (number: number, successor: string) =>
  encodeElection({ kind: 'endorse', service: 'web', number, successor: idOf(successor) })

test('an endorsement that comes when its successor acts already takes nothing from it', () => {
  const { room, director, others, releases } = trio()
  const { number = 0 } = room.machine(director).holding('web')?.term ?? {}
  room.feed(director, { type: 'message', from: idOf(others[0]), bytes: endorse(number - 1, director) })
  assert.is(releases(), 0, 'the grants that it acts on stay')
  assert.equal(room.acting(), [director])
})

test('an endorsement that meets an own candidacy of the same number releases nothing behind its request', () => {
  const { room, director, others, releases } = trio()
  const [successor, other] = others
  const { number = 0 } = room.machine(director).holding('web')?.term ?? {}
  // The successor has lost sight of the director and stands; nobody answers it yet.
  const count = room.lets
  room.lets = () => false
  room.run(1_300)
  assert.ok(
    room.machine(successor).explain('web', room.now).standing || room.machine(other).explain('web', room.now).standing,
  )
  room.lets = count
  for (const letter of others) {
    room.feed(letter, { type: 'message', from: idOf(director), bytes: endorse(number, letter) })
  }
  const before = releases()
  room.run(5)
  assert.ok(room.acting().length <= 1)
  assert.ok(releases() - before <= 1, 'at most the one that stands back releases')
})

test('a hand-over to a node that cannot take it costs a lease and no more', () => {
  const { room, director, others } = trio()
  const [successor] = others
  room.feed(successor, { type: 'unable', service: 'web', forMs: 10_000, why: 'a port is in use' })
  room.feed(director, { type: 'transfer', service: 'web', to: idOf(successor) })
  room.run(2_000)
  assert.is(room.acting().length, 1)
  assert.is.not(room.acting()[0], successor)
})

/** A third voter is decided with the named node's own consent, of which it does not hear the outcome. */
test('who has agreed to a third voter does not direct alone beside it', () => {
  const room = new Room({ settleMs: 1_500 })
  for (const letter of ['a', 'b']) room.add(letter, letter === 'a')
  room.link('a', 'b')
  room.run(8_000)
  room.setRules({ failback: false, alone: idOf('b') })
  room.add('w', false, {}, { directs: false })
  room.lets = (_from, to, message) => message.kind !== 'electorate' || to !== idOf('b') || message.electorate.epoch < 3
  room.link('a', 'b', 'w')
  while (room.machine('a').electorate().epoch < 3) room.run(10)
  room.cut('a', 'b')
  room.cut('b', 'w')
  for (const letter of ['a', 'w']) room.loseBetween('b', letter)
  room.loseBetween('a', 'b')
  room.loseBetween('w', 'b')
  room.run(10_000)
  assert.equal(room.machine('b').electorate().voters.length, 2, 'b has not heard of it')
  assert.equal(room.acting(), ['a'])
})

test.run()
