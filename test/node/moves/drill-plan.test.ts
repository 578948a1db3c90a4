import type { BatonError } from '../../../src/base/errors.js'
import { type DrillGround, expectationOf, successorAfter } from '../../../src/node/moves/drill-plan.js'
import { PROGRAM_BESIDE } from '../../../src/proxy/reasons.js'
import { assert, suite } from '../../harness/suite.js'
import { A, B, C } from '../sample.js'

const test = suite('node/moves/drill-plan')
const [a, b, c] = [
  { id: A, name: 'a' },
  { id: B, name: 'b' },
  { id: C, name: 'c' },
]

/** Seen from a: b directs, and all three vote and are within reach. */
const GROUND: DrillGround = {
  service: 'web',
  fault: 'kill',
  director: b,
  candidates: [b, a, c],
  linked: new Set([A, B, C]),
  voters: [a, b, c],
  quorum: 2,
  alone: undefined,
}

function refusal(change: Partial<DrillGround>): BatonError {
  try {
    successorAfter({ ...GROUND, ...change })
  } catch (error) {
    return error as BatonError
  }
  throw new Error('it was allowed')
}

test('the first that is within reach takes over, and the dead one does not vote', () => {
  assert.equal(successorAfter(GROUND), { next: a, alone: false, votersLeft: 2 })
  assert.equal(successorAfter({ ...GROUND, candidates: [c, b, a] }).next, c)
  assert.equal(successorAfter({ ...GROUND, candidates: [c, b, a], linked: new Set([A, B]), fault: 'move' }).next, a)
})

test('nobody else may direct', () => {
  const { code, message, hint } = refusal({ candidates: [b] })
  assert.equal([code, message], ['ERR_DRILL_NOBODY', 'no other node could take web over from b now'])
  assert.match(hint ?? '', 'start another node')
  assert.is(refusal({ linked: new Set([B]) }).code, 'ERR_DRILL_NOBODY')
})

test('too few voters would be left: who is missing is named', () => {
  const { code, message, hint } = refusal({ linked: new Set([A, B]) })
  assert.is(code, 'ERR_DRILL_NO_QUORUM')
  assert.is(message, 'without b 1 of 3 voters would be left, and 2 are needed; out of reach: c')
  assert.is(hint, 'start c first')
  assert.match(refusal({ voters: [a, b], candidates: [b, a] }).hint ?? '', 'baton witness')
})

test('a move and a director that does not vote cost no voter', () => {
  assert.is(successorAfter({ ...GROUND, linked: new Set([A, B]), fault: 'move' }).votersLeft, 2)
  assert.is(successorAfter({ ...GROUND, voters: [a, c], quorum: 2 }).votersLeft, 2)
})

test('of two voters the one that the service names may be left alone', () => {
  const two = { voters: [a, b], candidates: [b, a], linked: new Set([A, B]) }
  assert.equal(successorAfter({ ...GROUND, ...two, alone: A }), { next: a, alone: true, votersLeft: 1 })
  assert.is(refusal({ ...two, alone: B }).code, 'ERR_DRILL_NO_QUORUM')
})

test('a move takes along what a death would end with the host', () => {
  const none = { revived: 0, proven: 0, filled: 0, reset: 0, gone: 0, unverified: 0, failures: {} }
  const mortal = { [PROGRAM_BESIDE]: 2, 'no program serves it yet': 1 }
  const report = { service: 'web', directed: 10, survivable: 7, mortal, revivals: none }
  const rest = { 'no program serves it yet': 1 }
  assert.equal(expectationOf('kill', report), { directed: 10, expected: 7, local: 2, mortal: rest })
  assert.equal(expectationOf('move', report), { directed: 10, expected: 9, local: 2, mortal: rest })
  assert.equal(expectationOf('kill', undefined), { directed: 0, expected: 0, local: 0, mortal: {} })
})

test.run()
