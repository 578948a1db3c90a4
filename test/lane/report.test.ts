/** What a lane counts: each splice once, and none not at all. */

import { laneReport } from '../../src/lane/report.js'
import type { BackendHalf } from '../../src/proxy/backend-half.js'
import { assert, suite } from '../harness/suite.js'
import { A, B } from './link-under-test.js'

const test = suite('lane/report')

function backend(holder: string, more: Partial<BackendHalf> = {}): BackendHalf {
  const request = { id: { node: holder, boot: 1, counter: 1 }, service: 'web' }
  return { request, term: { number: 1, holder }, isTombstone: false, isOutward: false, ...more } as BackendHalf
}

function counted(backends: readonly BackendHalf[], forsaken: readonly BackendHalf[] = []) {
  const isForsaken = (one: BackendHalf) => forsaken.includes(one)
  const counters = { bytesUp: 0, bytesDown: 0 } as Parameters<typeof laneReport>[0]['counters']
  const report = laneReport({ node: A, counters, directions: [], backends, isForsaken, doors: [] }, undefined, 0)
  return { forOthers: report.forOthers, perBackend: report.perBackend.map(({ node, splices }) => [node, splices]) }
}

test('a program whose client is at another node counts; one that is over does not', () => {
  assert.equal(counted([backend(B), backend(B)]), { forOthers: 2, perBackend: [[A, 2]] })
  assert.equal(counted([backend(B, { isTombstone: true })]), { forOthers: 0, perBackend: [] })
})

test('one whose client half is here as well is counted with that one', () => {
  assert.equal(counted([backend(A)]), { forOthers: 0, perBackend: [] })
})

test('one that this node directed until it lost its lease still counts, though its client half is gone: whoever waits for the end of all waits for it', () => {
  const left = backend(A)
  assert.equal(counted([left], [left]), { forOthers: 1, perBackend: [[A, 1]] })
})

test.run()
