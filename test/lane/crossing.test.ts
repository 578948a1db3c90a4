import { type Carried, Crossing } from '../../src/lane/crossing.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('lane/crossing')

/** A link of which the test says what its kernel has, and what the other one has acknowledged. */
function link() {
  const tasks: (() => void)[] = []
  const timers: (() => void)[] = []
  const at = { written: 0, waiting: 0, queued: 0, unacknowledged: 0 as number | undefined }
  const crossing = new Crossing(
    { queued: () => at.queued, unacknowledged: () => at.unacknowledged },
    {
      flush: () => {
        at.written += at.waiting
        at.waiting = 0
      },
      get written() {
        return at.written
      },
    },
    { defer: (task) => tasks.push(task), soon: (_, task) => timers.push(task) },
  )
  const said: string[] = []
  const carried = (name: string): Carried => ({ crossed: (offset) => said.push(`${name} ${offset}`) })
  const endTurn = () => {
    for (const task of tasks.splice(0)) task()
  }
  const tick = () => {
    for (const timer of timers.splice(0)) timer()
  }
  return { at, crossing, said, carried, endTurn, tick, timers }
}

test('what was said has crossed when the other kernel has acknowledged all bytes of the link up to there, and not before', () => {
  const { at, crossing, said, carried, endTurn, tick } = link()
  const [a, b] = [carried('a'), carried('b')]
  crossing.carries(a, 10)
  crossing.carries(b, 5)
  crossing.carries(a, 30)
  at.waiting = 100
  at.unacknowledged = 100
  endTurn()
  assert.equal(said, [], 'it is on its way')
  crossing.carries(a, 40)
  at.waiting = 50
  at.unacknowledged = 120
  endTurn()
  assert.equal(said, [])
  at.unacknowledged = 50
  tick()
  assert.equal(said.splice(0), ['a 30', 'b 5'])
  at.unacknowledged = 0
  at.queued = 1
  tick()
  assert.equal(said, [], 'a byte has not even left')
  at.queued = 0
  crossing.look()
  assert.equal(said, ['a 40'])
})

test('it is looked for until nothing is on its way, and where it cannot be told nothing has crossed', () => {
  const { at, crossing, said, carried, endTurn, tick, timers } = link()
  at.unacknowledged = undefined
  crossing.carries(carried('a'), 1)
  at.waiting = 10
  endTurn()
  tick()
  assert.equal(said, [])
  assert.is(timers.length, 1)
  at.unacknowledged = 0
  tick()
  assert.equal(said, ['a 1'])
  assert.is(timers.length, 0)
})

test('many at once come in their order, also when there is no room for them at first', () => {
  const { at, crossing, said, carried, endTurn } = link()
  const all = Array.from({ length: 300 }, (_, i) => carried(String(i)))
  at.unacknowledged = 1e9
  for (let turn = 0; turn < 300; turn += 25) {
    for (const one of all.slice(turn, turn + 25)) crossing.carries(one, turn)
    at.waiting = 10
    endTurn()
    // Some cross meanwhile, so that the ring begins anywhere.
    if (turn === 50) {
      at.unacknowledged = at.written - 20
      crossing.look()
      at.unacknowledged = 1e9
    }
  }
  at.unacknowledged = 0
  crossing.look()
  assert.equal(
    said,
    all.map((_, i) => `${i} ${i - (i % 25)}`),
  )
})

test('of a link that is gone nothing more is told', () => {
  const { at, crossing, said, carried, endTurn, tick } = link()
  crossing.carries(carried('a'), 1)
  at.waiting = 10
  at.unacknowledged = 10
  endTurn()
  crossing.carries(carried('b'), 1)
  crossing.close()
  at.unacknowledged = 0
  endTurn()
  tick()
  assert.equal(said, [])
})

test.run()
