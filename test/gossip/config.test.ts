import { checkGossipConfig, detectionMs, type GossipProfile, gossipConfig } from '../../src/gossip/config.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('gossip/config')
const PROFILES: readonly GossipProfile[] = ['lan', 'fast', 'wan', 'test']

test('every profile satisfies its own relations', () => {
  for (const profile of PROFILES) assert.equal(checkGossipConfig(gossipConfig(profile)), [], profile)
})

test('the arithmetic keeps the promises', () => {
  for (const members of [3, 8, 32, 64]) {
    assert.ok(detectionMs(gossipConfig('lan'), members) <= 1_500)
    assert.ok(detectionMs(gossipConfig('fast'), members) <= 500)
  }
})

test('all problems are named, with their numbers', () => {
  const problems = checkGossipConfig(
    gossipConfig('lan', { probeDeadlineMs: 200, stallMs: 100, gossipFanout: 1.5, membersMax: Number.NaN }),
  )
  assert.is(problems.length, 5)
  for (const part of ['probeDeadlineMs (200)', 'stallMs (100)', 'gossipFanout (1.5)', 'membersMax (NaN)']) {
    assert.ok(
      problems.some((problem) => problem.includes(part)),
      part,
    )
  }
})

test.run()
