import { Tally } from '../../../src/node/seeing/tally.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B } from '../sample.js'

const test = suite('node/seeing/tally')
const acquired = { type: 'acquired', service: 'web', deadline: 0, alone: false } as const

test('what another had before is taken over; what is new, or was its own, is not', () => {
  const tally = new Tally(A)
  tally.election({ ...acquired, term: { number: 1, holder: A } })
  tally.election({ type: 'lost', service: 'web', term: { number: 1, holder: A }, why: '' })
  tally.election({ ...acquired, term: { number: 2, holder: A } })
  assert.equal([tally.counts.acquired, tally.counts.lost, tally.counts.takeovers], [2, 1, 0])
  tally.election({ type: 'observed', service: 'web', term: { number: 3, holder: B } })
  tally.election({ type: 'observed', service: 'web', term: undefined })
  tally.election({ type: 'observed', service: 'web', term: { number: 4, holder: A } })
  tally.election({ ...acquired, term: { number: 4, holder: A } })
  assert.is(tally.counts.takeovers, 1)
})

test('moves are counted by their outcome', () => {
  const tally = new Tally(A)
  tally.moved('handed-over')
  tally.moved('refused')
  assert.equal(tally.counts.moves, { 'handed-over': 1, refused: 1, 'not-here': 0 })
})

test.run()
