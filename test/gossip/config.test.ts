import {
  checkGossipConfig,
  detectionMs,
  type GossipConfig,
  type GossipProfile,
  gossipConfig,
} from '../../src/gossip/config.js'
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

/** A knob that breaks one relation of `lan`, and both knobs of which the problem speaks. */
const RELATIONS: readonly [Partial<GossipConfig>, string, string][] = [
  [{ probeDeadlineMs: 299 }, 'probeDeadlineMs (299)', '3 × probeTimeoutMs (100)'],
  [{ suspicionBaseMs: 199 }, 'suspicionBaseMs (199)', '2 × probeIntervalMs (100)'],
  [{ suspicionBaseMs: 99, probeIntervalMs: 49, gossipIntervalMs: 20 }, 'suspicionBaseMs (99)', 'probeTimeoutMs (100)'],
  [{ gossipIntervalMs: 101 }, 'probeIntervalMs (100)', 'gossipIntervalMs (101)'],
  [{ retransmitFactor: 2 }, 'retransmitFactor (2)', 'gossipFanout (3)'],
  [{ reconnectIntervalMs: 99 }, 'reconnectIntervalMs (99)', 'probeIntervalMs (100)'],
  [{ pushPullIntervalMs: 1_999 }, 'pushPullIntervalMs (1999)', 'reconnectIntervalMs (2000)'],
  [{ candidateIntervalMs: 99 }, 'candidateIntervalMs (99)', 'probeTimeoutMs (100)'],
  [{ candidateExpiryMs: 1_499 }, 'candidateExpiryMs (1499)', '3 × candidateIntervalMs (500)'],
  [{ stallMs: 100 }, 'stallMs (100)', 'probeTimeoutMs (100)'],
  [{ suspicionMaxFactor: 0.5 }, 'suspicionMaxFactor (0.5)', 'at least 1'],
  [{ pushPullIntervalMs: 300, reconnectIntervalMs: 200 }, 'pushPullIntervalMs (300)', '350 ms'],
]

for (const [knobs, ...parts] of RELATIONS) {
  test(`${parts[0]} breaks its relation: ${parts[1]}`, () => {
    const problems = checkGossipConfig(gossipConfig('lan', knobs))
    assert.is(problems.length, 1, problems.join('; '))
    for (const part of parts) assert.ok(problems[0]?.includes(part), problems[0])
  })
}

test.run()
