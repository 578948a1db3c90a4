/** Electorates that an operator's force made on two sides of a cut, and seats whose owner forgot more than once. */
import { assert, suite } from '../harness/suite.js'
import { idOf, Room } from './script.js'

const test = suite('election/two-sides')
const ALL = ['a', 'b', 'c', 'd']

function room(letters: readonly string[]): Room {
  const made = new Room()
  for (const letter of letters) made.add(letter, letter === 'a', { diesWithProcess: true })
  made.link(...letters)
  made.run(8_000)
  return made
}

const epochOf = (one: Room, letter: string) => one.machine(letter).electorate().epoch
const votersOf = (one: Room, letter: string) => one.machine(letter).electorate().voters

test('equal epochs forced on two sides of a cut become one, the same everywhere, and one directs', () => {
  const cluster = room(ALL)
  const sides = [
    ['a', 'b'],
    ['c', 'd'],
  ] as const
  for (const [side, other] of [sides, [...sides].reverse()] as (typeof sides)[]) {
    for (const here of side) {
      for (const there of other) {
        cluster.cut(here, there)
        cluster.loseBetween(here, there)
      }
    }
  }
  for (const [[here], gone] of [sides, [...sides].reverse()] as (typeof sides)[]) {
    cluster.feed(here, { type: 'force-forget', nodes: gone.map(idOf) })
  }
  cluster.run(4_000)
  assert.equal(cluster.acting().length, 2, 'what force risks: each side has a director of its own')
  assert.is(epochOf(cluster, 'b'), epochOf(cluster, 'd'))
  assert.not.equal(votersOf(cluster, 'b'), votersOf(cluster, 'd'))

  cluster.heal()
  cluster.link(...ALL)
  const met = cluster.now
  const seen = new Set(ALL.map((letter) => JSON.stringify(cluster.machine(letter).electorate())))
  assert.is(seen.size, 1, 'one of the two gives way at once, the same everywhere')
  while (cluster.now < met + 8_000) {
    cluster.run(10)
    if (cluster.now > met + 1_000)
      assert.ok(cluster.acting().length <= 1, `two act ${cluster.now - met} ms after they met`)
  }
  assert.is(cluster.acting().length, 1)
  for (const letter of ALL) assert.equal(votersOf(cluster, letter), ALL.map(idOf))
})

test('a voter that forgot twice grants nothing for a seat of either memory before, nor under an electorate of then', () => {
  const cluster = room(['a', 'b', 'c'])
  const [loser = ''] = ['a', 'b', 'c'].filter((letter) => letter !== cluster.acting()[0])
  const others = ['a', 'b', 'c'].filter((letter) => letter !== loser)
  let grants = 0
  cluster.lets = (from, _to, message) => {
    const isGrant =
      message.kind === 'all-granted' ||
      (message.kind === 'answer' && message.verdicts.some(({ verdict }) => verdict === 'granted'))
    if (isGrant && from === idOf(loser)) grants++
    // Nothing is decided yet: its seat is still that of its first memory.
    return !['promise', 'accepted'].includes(message.kind)
  }
  const forget = () => {
    cluster.remove(loser)
    cluster.start(loser, false)
    cluster.link('a', 'b', 'c')
    cluster.run(2_500)
  }
  forget()
  forget()
  assert.ok(cluster.machine(loser).isAmnesiac)
  assert.is(grants, 0)
  // Its second memory gets a seat, and is lost in its turn: the seat counts for nobody.
  cluster.lets = () => true
  cluster.run(6_000)
  assert.ok(cluster.machine(loser).explain('web', cluster.now).isVoter)
  const stale = votersOf(cluster, loser)
  cluster.remove(loser)
  cluster.start(loser, false)
  grants = 0
  cluster.lets = (from, _to, message) => {
    if (message.kind === 'all-granted' && from === idOf(loser)) grants++
    return !['promise', 'accepted'].includes(message.kind)
  }
  cluster.link('a', 'b', 'c')
  cluster.run(3_000)
  assert.equal([votersOf(cluster, loser), grants], [stale, 0])
  assert.ok(cluster.machine(loser).isAmnesiac)
  assert.ok(
    others.some((letter) => cluster.acting().includes(letter)),
    'the others are a majority',
  )
})

test.run()
