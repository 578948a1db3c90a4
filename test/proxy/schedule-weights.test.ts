/** Weights: exact over every round; what a slow start and a busy host make of them. */
import { Prng } from '../../src/base/prng.js'
import { loadShare, Seniority, startShare } from '../../src/proxy/schedule/effective-weight.js'
import { assert, suite } from '../harness/suite.js'
import { Bench, chooserOf, countOf, NONE, nodeOf, nodes } from './choosers.js'
import { SEED } from './random-headers.js'

const test = suite('proxy/schedule/weights')
const THREE = nodes('abc', { a: { weight: 5 }, b: { weight: 1 }, c: { weight: 2 } })

test('turns: as many connections in a row as the weight says', () => {
  assert.is(chooserOf({ scheduler: 'weighted' }).run(THREE, 16), 'aaaaabccaaaaabcc')
  assert.is(chooserOf({ scheduler: 'weighted' }).run(nodes('abc'), 6), 'abcabc')
})

test('smooth: the same shares, as far apart as can be', () => {
  const bench = chooserOf({ scheduler: 'weighted', weighting: 'smooth' })
  assert.is(bench.run(THREE, 8), 'acaabaca')
  assert.is(bench.run(THREE, 8), 'acaabaca')
})

test('any weights, either way: each round gives each node exactly its weight', () => {
  const random = new Prng(SEED)
  for (let round = 0; round < 50; round++) {
    const letters = 'abcdefgh'.slice(0, 1 + random.below(8))
    const weights = Object.fromEntries([...letters].map((node) => [node, 1 + random.below(9)]))
    const among = nodes(
      letters,
      Object.fromEntries(Object.entries(weights).map(([node, weight]) => [node, { weight }])),
    )
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
    for (const weighting of ['turns', 'smooth'] as const) {
      const bench = chooserOf({ scheduler: 'weighted', weighting })
      for (let i = 0; i < 3; i++) assert.equal(countOf(bench.run(among, total)), weights, `${weighting} SEED=${SEED}`)
    }
  }
})

test('smooth: at no moment is a node more than one connection from its share', () => {
  const served = chooserOf({ scheduler: 'weighted', weighting: 'smooth' }).run(THREE, 800)
  const shares: Record<string, number> = { a: 5 / 8, b: 1 / 8, c: 2 / 8 }
  for (let i = 1; i <= served.length; i++) {
    const counts = countOf(served.slice(0, i))
    for (const [node, share] of Object.entries(shares)) {
      assert.ok(Math.abs((counts[node] ?? 0) - i * share) <= 1, `${node} after ${i}`)
    }
  }
})

test('weight 0: no new connections, whatever the scheduler', () => {
  const among = nodes('ab', { a: { weight: 0 } })
  for (const scheduler of [
    'round-robin',
    'weighted',
    'least-connections',
    'source-hash',
    'maglev',
    'first',
    'failover',
  ]) {
    assert.is(chooserOf({ scheduler }).run(among, 4), 'bbbb', scheduler)
    assert.is(chooserOf({ scheduler }).run(nodes('a', { a: { weight: 0 } }), 1), '-', scheduler)
  }
})

test('a retry takes nobody’s turn', () => {
  for (const weighting of ['turns', 'smooth'] as const) {
    const { chooser } = chooserOf({ scheduler: 'weighted', weighting })
    let served = ''
    for (let i = 0; i < 8; i++) {
      served += nodeOf(chooser.pick(THREE, NONE, ''))
      assert.is.not(nodeOf(chooser.pick(THREE, new Set(['a']), '')), 'a')
    }
    assert.equal(countOf(served), { a: 5, b: 1, c: 2 }, weighting)
  }
})

test('slow start: linear from a tenth to all', () => {
  assert.equal(
    [0, 5_000, 10_000, 20_000].map((ms) => startShare(ms, 10_000)),
    [0.1, 0.55, 1, 1],
  )
})

test('seniority: who was there at the first look has always been; a break starts anew', () => {
  const seniority = new Seniority()
  seniority.look(new Set(['a']), 1_000)
  seniority.look(new Set(['a', 'b']), 2_000)
  assert.equal([seniority.forMs('a', 5_000), seniority.forMs('b', 5_000)], [Number.POSITIVE_INFINITY, 3_000])
  seniority.look(new Set(['b']), 3_000)
  seniority.look(new Set(['a', 'b']), 4_000)
  assert.equal([seniority.forMs('a', 5_000), seniority.forMs('b', 5_000)], [1_000, 3_000])
})

/** Its part of 1,000 connections, when it has been there for so long. */
function newcomersPart(scheduler: string, ageMs: number): number {
  const bench = new Bench({ scheduler, weighting: 'smooth', slowStartMs: 10_000 })
  bench.seniority.look(new Set(['a']), 0)
  bench.seniority.look(new Set(['a', 'b']), 1_000)
  bench.now = 1_000 + ageMs
  return (countOf(bench.run(nodes('ab'), 1_000))['b'] ?? 0) / 1_000
}

test('slow start: a newcomer’s part grows to its full share', () => {
  for (const scheduler of ['weighted', 'least-connections', 'round-robin']) {
    const parts = [0, 5_000, 10_000].map((ms) => newcomersPart(scheduler, ms))
    // Of a weight of 0.1, 0.55 and 1 beside one of 1.
    const expected = [0.091, 0.355, 0.5]
    for (const [i, part] of parts.entries()) {
      assert.ok(Math.abs(part - (expected[i] ?? 0)) <= 0.03, `${scheduler}: ${parts.join(' ')}`)
    }
  }
})

test('slow start moves no client that is bound to a node', () => {
  for (const scheduler of ['source-hash', 'maglev']) {
    assert.ok(Math.abs(newcomersPart(scheduler, 0) - 0.5) < 0.06, scheduler)
  }
})

test('load: a busy host counts for less, where the service wants that', () => {
  assert.equal([0, 500, 2_000, -1].map(loadShare), [1, 0.5, 0.05, 1])
  const among = nodes('ab', { a: { loadPermille: 750 } })
  const part = (load: 'on' | 'off', scheduler: string) =>
    countOf(chooserOf({ scheduler, load, weighting: 'smooth' }).run(among, 1_000))['a']
  assert.equal([part('off', 'weighted'), part('on', 'weighted')], [500, 200])
  assert.ok(Math.abs((part('on', 'least-connections') ?? 0) - 200) <= 1)
})

test.run()
