import { gossipConfig } from '../../src/gossip/config.js'
import type { SwimOptions } from '../../src/gossip/swim.js'
import { assert, suite } from '../harness/suite.js'
import { MembershipCluster } from './membership.js'
import { Absentminded, Forgetful, Hasty, Meddling, ShortOfMemory, Unforgiving } from './membership-broken.js'
import { LOSSY, type SwimLike } from './membership-cast.js'
import { measure } from './membership-measure.js'
import { runSwarm } from './membership-swarm.js'

const test = suite('sim/membership', 20_000)
const SEEDS = 25

/** `SEED=n` runs that one only, with a trace. */
const given = process.env['SEED']
const first = given === undefined ? 1 : Number(given)
const seeds = Array.from({ length: given === undefined ? SEEDS : 1 }, (_, i) => first + i)
const trace = given === undefined ? {} : { trace: (line: string) => void process.stdout.write(`${line}\n`) }

test(`no law of membership is broken in ${SEEDS} seeds`, () => {
  for (const seed of seeds) {
    const { broken } = runSwarm(seed, trace)
    assert.is(broken, undefined, `SEED=${seed}: ${broken}`)
  }
})

/** What a broken machine does against which law; in which seeds it is caught. */
const BROKEN: readonly [what: string, law: RegExp, make: (options: SwimOptions) => SwimLike][] = [
  ['that never asks the dead', /has not asked|after the faults/, (options) => new Unforgiving(options)],
  ['that asks addresses of earlier boots for a while only', /has not asked/, (options) => new ShortOfMemory(options)],
  ['that forgets the dead', /forgot/, (options) => new Forgetful(options)],
  ['that loses its state within a boot', /went back/, (options) => new Absentminded(options)],
  ['that refutes for others', /which it never was/, (options) => new Meddling(options)],
  ['without suspicion', /false positive/, (options) => new Hasty(options)],
]

for (const [what, law, makeSwim] of BROKEN) {
  test(`the laws see a machine ${what}`, () => {
    const found: string[] = []
    for (let seed = 1; seed <= 20; seed++) {
      const { broken } = runSwarm(seed, { makeSwim })
      if (broken !== undefined && law.test(broken)) return
      if (broken !== undefined) found.push(broken)
    }
    assert.unreachable(`not seen, but: ${found.join('; ')}`)
  })
}

test('views that never meet are seen: nobody asks the dead, and no link is dialled', () => {
  const config = gossipConfig('lan', { reconnectIntervalMs: 1e9, candidateIntervalMs: 1e9, candidateExpiryMs: 1e9 })
  const broken = [1, 2, 3, 4, 5].map((seed) => runSwarm(seed, { config, links: false }).broken)
  assert.ok(broken.some((wrong) => wrong?.includes('after the faults')))
})

for (const [profile, limitMs] of [
  ['lan', 1_500],
  ['fast', 500],
] as const) {
  for (const size of [2, 3, 16]) {
    test(`a crash among ${size} is known to all within ${limitMs} ms on ${profile}`, () => {
      const { maxMs } = measure({ size, profile, nodeSeconds: 1, crashes: size === 16 ? 8 : 25 })
      assert.ok(maxMs <= limitMs, `${maxMs} ms`)
    })
  }
}

test('at 1 % loss nobody is taken for dead, and the load does not grow with the cluster', () => {
  const [small, large] = [8, 32].map((size) => measure({ size, profile: 'lan', nodeSeconds: 5_000, crashes: 0 }))
  assert.is(small?.falsePositives, 0)
  assert.is(large?.falsePositives, 0)
  assert.ok((large?.bytesPerSecond ?? Number.NaN) < 1.1 * (small?.bytesPerSecond ?? Number.NaN))
})

test('a cluster that starts anew in a long cut, all of it, is one again afterwards', () => {
  const config = gossipConfig('lan')
  const cluster = MembershipCluster.joined({ size: 4, seed: 1, config, weather: LOSSY })
  cluster.partition((index) => index)
  for (const { index } of cluster.nodes) cluster.restart(index)
  cluster.run(10 * config.candidateExpiryMs)
  // And once more: the file still has the addresses of those that nobody has met since.
  for (const { index } of cluster.nodes) cluster.restart(index)
  cluster.run(10 * config.candidateExpiryMs)
  cluster.heal()
  assert.ok(cluster.runUntil(() => cluster.converged(), 10 * config.reconnectIntervalMs))
})

test('who hears nobody kills nobody', () => {
  const cluster = MembershipCluster.joined({ size: 6, seed: 3, weather: LOSSY })
  for (const from of [1, 2, 3, 4, 5]) cluster.cut(from, 0)
  const seen = cluster.seen.length
  cluster.run(60_000)
  const verdicts = cluster.seen.slice(seen).filter(({ by, state }) => by !== 0 && state === 'down')
  assert.ok(verdicts.every(({ about }) => about === cluster.node(0).id))
  assert.is(verdicts.length >= 5, true, 'the deaf one is held down')
})

test.run()
