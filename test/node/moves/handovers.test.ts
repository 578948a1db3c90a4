import type { NodeId } from '../../../src/base/ids.js'
import { Handovers } from '../../../src/node/moves/handovers.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C } from '../sample.js'

const test = suite('node/moves/handovers')

/** At node A, which directs two contests; B and C may as well. */
function atA({ linked = [B, C], alone = false, settled = ['x', 'y'], underWay = [''] } = {}) {
  const moved: string[] = []
  const handovers = new Handovers({
    self: A,
    elections: {
      explain: () => ({ candidates: [A, B, C], alone }),
      reaches: (node: NodeId) => linked.includes(node),
    } as never,
    clock: { now: () => 0 },
    directing: { names: () => ['x', 'y'], isSettled: (contest) => settled.includes(contest) },
    moves: {
      move: (contest, to) => void moved.push(`${contest} to ${to[0]}`),
      isUnderWay: (contest) => underWay.includes(contest),
    },
  })
  return { handovers, moved }
}

test('all go to the first other node in their order', () => {
  const { handovers, moved } = atA()
  assert.equal(handovers.all(), [
    { contest: 'x', to: B },
    { contest: 'y', to: B },
  ])
  assert.equal(
    [moved, handovers.standbys('x')],
    [
      ['x to b', 'y to b'],
      [B, C],
    ],
  )
})

test('nobody is given what could not be endorsed: the address would leave and come back, again and again', () => {
  assert.is(atA({ linked: [C] }).handovers.successor('x'), C)
  const cut = atA({ linked: [] })
  assert.equal([cut.handovers.all(), cut.moved], [[], []])
  assert.equal(atA({ alone: true }).handovers.all(), [])
})

test('what is still being rebuilt, or on its way, waits', () => {
  const { handovers, moved } = atA({ settled: ['y'] })
  handovers.settled()
  assert.equal(moved, ['y to b'])
  const moving = atA({ underWay: ['y'] })
  moving.handovers.settled()
  assert.equal(
    moving.moved,
    ['x to b'],
    'it is asked again with each renewal, and each would count as a move that failed',
  )
})

test.run()
