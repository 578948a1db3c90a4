import type { NodeId } from '../../src/base/ids.js'
import { type MoveOutcome, Moves } from '../../src/node/moves.js'
import { FakeClock } from '../harness/fake-clock.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('node/moves')

class Room {
  readonly clock = new FakeClock()
  readonly said: string[] = []
  readonly outcomes: MoveOutcome[] = []
  held = ['web']
  /** What the lanes say when all is out. */
  out: () => void = () => {}
  keeps = true
  reachable = true
  readonly moves: Moves

  constructor() {
    const later: (() => void)[] = []
    this.moves = new Moves({
      clock: this.clock,
      directing: {
        names: () => this.held,
        moveOut: (contest, then) => {
          this.said.push(`out ${contest}`)
          this.out = then
          return this.keeps
        },
        moveBack: (contest) => this.said.push(`back ${contest}`),
      },
      transfer: (contest, to: NodeId) => {
        this.said.push(`transfer ${contest} to ${to}`)
        if (this.reachable) this.held = []
      },
      later: (run) => {
        later.push(run)
        later.shift()?.()
      },
    })
  }

  move(contest = 'web'): void {
    this.moves.move(contest, 'b', (outcome) => this.outcomes.push(outcome))
  }
}

test('everything is out before the successor is endorsed', () => {
  const room = new Room()
  room.move()
  assert.equal(room.said, ['out web'])
  room.out()
  assert.equal([room.said, room.outcomes], [['out web', 'transfer web to b'], ['handed-over']])
})

test('a successor that cannot be endorsed: this node goes on with what it gave away', () => {
  const room = new Room()
  room.reachable = false
  room.move()
  room.out()
  assert.equal([room.said, room.outcomes], [['out web', 'transfer web to b', 'back web'], ['refused']])
})

test('nothing to keep: the lease alone is handed over, at once', () => {
  const room = new Room()
  room.keeps = false
  room.move()
  assert.equal(room.outcomes, ['handed-over'])
})

test('lanes that are late, or never come, hold nobody up for more than a second; their word then means nothing', () => {
  const room = new Room()
  room.move()
  room.clock.advanceTo(999)
  assert.equal(room.outcomes, [])
  room.clock.advanceTo(1_000)
  assert.equal(room.outcomes, ['handed-over'])
  room.out()
  assert.equal(room.said, ['out web', 'transfer web to b'])
})

test('what is not held here, and what is moving already, is refused without a change', () => {
  const room = new Room()
  room.move('mail')
  room.move()
  room.move()
  assert.equal([room.said, room.outcomes], [['out web'], ['not-here', 'not-here']])
})

test.run()
