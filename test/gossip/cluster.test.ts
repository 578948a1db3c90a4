import { type GossipConfig, gossipConfig } from '../../src/gossip/config.js'
import { assert, suite } from '../harness/suite.js'
import { type ClusterOptions, MembershipCluster } from '../sim/membership.js'
import { CALM, LOSSY, ROUGH } from '../sim/membership-cast.js'
import { profileOf } from './profiles.js'

const test = suite('gossip/cluster', 20_000)
/** Without control links, where a test does not ask for them: datagrams have to do. */
const joined = (options: ClusterOptions) => MembershipCluster.joined({ links: false, ...options })

/** Verdicts over members that were never down. */
function falseVerdicts(seed: number, size: number, ms: number, loss: number, config: GossipConfig): number {
  const cluster = joined({ size, seed, config })
  cluster.weather = { ...LOSSY, loss }
  cluster.run(ms)
  return cluster.seen.filter(({ state }) => state === 'down').length
}

test('all that know one address find each other', () => {
  for (const seed of [1, 2, 3]) {
    const cluster = new MembershipCluster({ size: 8, seed, weather: ROUGH, links: false })
    cluster.startAll()
    assert.ok(
      cluster.runUntil(() => cluster.converged(), 10_000),
      `SEED=${seed}`,
    )
  }
})

test('over control links sixteen are one cluster within a second', () => {
  const cluster = new MembershipCluster({ size: 16, seed: 1, links: true, weather: LOSSY })
  cluster.startAll()
  assert.ok(cluster.runUntil(() => cluster.converged(), 1_000))
})

for (const [profile, limitMs] of [
  ['lan', 1_500],
  ['fast', 500],
] as const) {
  for (const [size, seeds] of [
    [2, 4],
    [3, 4],
    [8, 3],
    [32, 1],
  ] as const) {
    test(`a crash among ${size} is known to all within ${limitMs} ms on ${profile}`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const cluster = joined({ size, seed, config: gossipConfig(profile), weather: LOSSY })
        cluster.crash(1)
        assert.ok(cluster.untilKnownDown(1, limitMs) !== undefined, `SEED=${seed}`)
      }
    })
  }
}

test('nobody is taken for dead in 20,000 node-seconds at 1 % loss', () => {
  assert.is(falseVerdicts(1, 8, 2_500_000, 0.01, gossipConfig('lan')), 0)
})

test('nor in a cluster of two, where nobody can help', () => {
  assert.is(falseVerdicts(2, 2, 500_000, 0.01, gossipConfig('lan')), 0)
})

test('the checker sees false verdicts when suspicion is taken away', () => {
  const hasty = gossipConfig('lan', { suspicionBaseMs: 1, gossipIntervalMs: 1, suspicionMaxFactor: 1 })
  assert.ok(falseVerdicts(1, 4, 100_000, 0.25, hasty) > 0)
})

test('a survivor of two stays quick: a dead peer says nothing about its own health', () => {
  const cluster = joined({ size: 2, seed: 1 })
  cluster.crash(1)
  cluster.run(60_000)
  assert.is(cluster.stateAt(0, 1), 'down')
  assert.is(cluster.node(0).swim.localHealth, 0)
})

test('a restart at the same address is noticed at once', () => {
  const cluster = joined({ size: 5, seed: 3, weather: LOSSY })
  cluster.restart(2)
  assert.ok(cluster.runUntil(() => cluster.converged(), 1_000))
  for (const by of [0, 1, 3, 4]) assert.is(cluster.memberAt(by, 2)?.profile.boot, 2)
  const deaths = cluster.observed(2, 'down')
  assert.is(deaths.length, 4)
  assert.ok(deaths.every(({ boot, why }) => boot === 1 && why === 'replaced by boot 2'))
})

for (const links of [false, true]) {
  test(`a partition longer than every timer heals by itself, ${links ? 'with' : 'without'} control links`, () => {
    const cluster = joined({ size: 6, seed: 4, weather: LOSSY, links })
    cluster.partition((index) => index % 2)
    cluster.run(100_000)
    assert.equal(
      [0, 1, 2, 3, 4, 5].map((about) => cluster.stateAt(0, about)),
      ['alive', 'down', 'alive', 'down', 'alive', 'down'],
    )
    const before = cluster.seen.length
    cluster.partition(() => 0)
    assert.ok(cluster.runUntil(() => cluster.converged(), 20_000))
    const relapses = cluster.seen.slice(before).filter(({ state }) => state === 'down')
    assert.is(relapses.length, 0, 'healing kills nobody')
  })
}

test('a member that leaves has left, for all, and is not called down', () => {
  const cluster = joined({ size: 5, seed: 5, weather: LOSSY })
  cluster.feed(4, { type: 'leave' })
  cluster.run(200)
  cluster.crash(4)
  cluster.run(10_000)
  for (const by of [0, 1, 2, 3]) assert.is(cluster.stateAt(by, 4), 'left')
  assert.is(cluster.observed(4, 'suspect', 'down').length, 0)
})

test('one that left comes back with its next boot', () => {
  const cluster = joined({ size: 3, seed: 6 })
  cluster.feed(2, { type: 'leave' })
  cluster.run(500)
  cluster.restart(2)
  assert.ok(cluster.runUntil(() => cluster.converged(), 1_000))
})

test('a changed profile travels', () => {
  const cluster = joined({ size: 6, seed: 7, weather: LOSSY })
  const data = { address: '10.0.0.3', port: 9_999 }
  cluster.feed(3, { type: 'profile', profile: { ...profileOf(3), data } })
  const known = () => cluster.nodes.every(({ index }) => cluster.memberAt(index, 3)?.profile.data.port === 9_999)
  assert.ok(cluster.runUntil(known, 1_000))
  assert.is(cluster.observed(3, 'suspect', 'down').length, 0)
})

test('a node that stood still accuses nobody and comes back', () => {
  // Round trips of most of an interval: whenever it stops, a probe is under way.
  const weather = { ...CALM, delayMinMs: 30, delayMaxMs: 45 }
  for (let seed = 1; seed <= 5; seed++) {
    const cluster = joined({ size: 5, seed, weather })
    cluster.pause(2, 3_000)
    cluster.run(2_900)
    assert.is(cluster.stateAt(0, 2), 'down')
    assert.ok(cluster.runUntil(() => cluster.converged(), 10_000))
    assert.equal(
      cluster.seen.filter(({ by, state }) => by === 2 && state !== 'alive'),
      [],
      `SEED=${seed}`,
    )
  }
})

test('crashes, restarts and cuts in rough weather end in one view', () => {
  for (const seed of [1, 2, 3]) {
    const cluster = joined({ size: 7, seed, weather: ROUGH, links: seed === 2 })
    cluster.crash(6)
    cluster.run(1_000)
    cluster.partition((index) => (index < 3 ? 0 : 1))
    cluster.run(4_000)
    cluster.restart(6)
    cluster.pause(1, 2_000)
    cluster.run(3_000)
    cluster.partition(() => 0)
    cluster.crash(5)
    cluster.run(3_000)
    cluster.weather = LOSSY
    assert.ok(
      cluster.runUntil(() => cluster.converged(), 30_000),
      `SEED=${seed}`,
    )
  }
})

test('the same seed gives the same run', () => {
  const run = () => {
    const cluster = joined({ size: 5, seed: 9, weather: ROUGH })
    cluster.crash(1)
    cluster.run(5_000)
    return cluster.seen.map(({ at, by, about, state }) => `${at} ${by} ${about} ${state}`)
  }
  assert.equal(run(), run())
})

test.run()
