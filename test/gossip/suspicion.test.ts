import { gossipConfig } from '../../src/gossip/config.js'
import { Suspicions, suspicionLimits, suspicionSpan } from '../../src/gossip/suspicion.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId } from './profiles.js'

const test = suite('gossip/suspicion')
const limits = { minMs: 200, maxMs: 800, confirmationsWanted: 3 }

test('each confirmation brings the limit closer to the shortest', () => {
  const rows: [wanted: number, confirmations: number, expected: number][] = [
    [3, 0, 800],
    [3, 1, 500],
    [3, 2, 325],
    [3, 3, 200],
    [3, 9, 200],
    [1, 0, 800],
    [1, 1, 200],
    [0, 0, 200],
  ]
  for (const [confirmationsWanted, confirmations, expected] of rows) {
    const span = suspicionSpan({ ...limits, confirmationsWanted }, confirmations)
    assert.is(Math.round(span), expected, `${confirmations} of ${confirmationsWanted}`)
  }
})

test('who is accused and who accuses cannot confirm', () => {
  const config = gossipConfig('lan')
  const rows: [members: number, wanted: number][] = [
    [2, 0],
    [3, 1],
    [4, 2],
    [64, 2],
  ]
  for (const [members, wanted] of rows) assert.is(suspicionLimits(config, members).confirmationsWanted, wanted)
})

test('one accuser counts once, and no more are counted than are wanted', () => {
  const suspicions = new Suspicions()
  suspicions.start(nodeId(0), nodeId(1), { ...limits, confirmationsWanted: 1 }, 1_000)
  assert.is(suspicions.nextDeadline(), 1_800)
  assert.not(suspicions.confirm(nodeId(0), nodeId(1)))
  assert.ok(suspicions.confirm(nodeId(0), nodeId(2)))
  assert.not(suspicions.confirm(nodeId(0), nodeId(3)))
  assert.is(suspicions.nextDeadline(), 1_200)
})

test('time in which we did not listen does not count', () => {
  const suspicions = new Suspicions()
  suspicions.start(nodeId(0), nodeId(1), limits, 0)
  suspicions.excuse(5_000)
  assert.equal(suspicions.expire(5_799), [])
  assert.equal(suspicions.expire(5_800), [{ suspect: nodeId(0), accusers: 1 }])
  assert.is(suspicions.nextDeadline(), undefined)
})

test('a refuted suspicion does not expire', () => {
  const suspicions = new Suspicions()
  suspicions.start(nodeId(0), nodeId(1), limits, 0)
  suspicions.clear(nodeId(0))
  assert.equal(suspicions.expire(10_000), [])
})

test.run()
