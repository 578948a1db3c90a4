/** Who is asked at all: tiers, health, limits; and the schedulers that are made of order alone. */
import type { BackendState } from '../../src/proxy/schedule/scheduler.js'
import { assert, suite } from '../harness/suite.js'
import { Bench, chooserOf, countOf, NONE, nodeOf, nodes } from './choosers.js'

const test = suite('proxy/schedule/chooser')
const inState = (state: BackendState) => ({ state })

test('tiers: a lower one serves only when nobody of the higher one can', () => {
  const tiers = { a: { priority: 2 }, b: { priority: 2 }, c: { priority: 1 } }
  const { chooser } = chooserOf()
  assert.is(chooserOf().run(nodes('abc', tiers), 6), 'ababab')
  assert.is(nodeOf(chooser.pick(nodes('abc', tiers), new Set(['a', 'b']), '')), 'c', 'both refused')
  assert.is(chooserOf().run(nodes('c', tiers), 2), 'cc')
  assert.is(chooserOf().run(nodes('abc', { ...tiers, ...{ a: { priority: 2, ...inState('unhealthy') } } }), 2), 'bb')
})

test('a rotation goes on when its tier comes back', () => {
  const bench = chooserOf()
  const tiers = { a: { priority: 2 }, b: { priority: 2 }, c: { priority: 1 } }
  const all = nodes('abc', tiers)
  assert.is(bench.run(all, 1) + bench.run(nodes('c', tiers), 1) + bench.run(all, 2), 'acba')
})

test('state: only who is healthy gets new connections', () => {
  const states = { a: inState('starting'), b: inState('draining'), c: inState('unhealthy'), d: inState('standby') }
  assert.is(chooserOf().run(nodes('abcde', states), 2), 'ee')
  assert.is(chooserOf().run(nodes('abcd', states), 1), '-')
})

test('limit: nobody has more than it, and then all are full', () => {
  for (const scheduler of ['round-robin', 'weighted', 'least-connections', 'source-hash', 'maglev', 'first']) {
    const bench = chooserOf({ scheduler, nodeConnections: 10 })
    assert.equal(countOf(bench.run(nodes('abc'), 35)), { a: 10, b: 10, c: 10, '!': 5 }, scheduler)
    bench.counts.set('b', 9)
    assert.is(bench.run(nodes('abc'), 2), 'b!', scheduler)
  }
})

test('limit: a full tier is waited for, not passed over', () => {
  const tiers = nodes('ab', { a: { priority: 2 } })
  const bench = chooserOf({ nodeConnections: 1 })
  assert.is(bench.run(tiers, 2), 'a!')
  assert.is(nodeOf(bench.chooser.pick(tiers, new Set(['a']), '')), 'b', 'one that has refused is not waited for')
})

test('limit: the own host helps out, of the same tier', () => {
  const among = nodes('ab', { b: { local: true } })
  assert.is(chooserOf({ nodeConnections: 1, local: 'last' }).run(among, 3), 'ab!')
})

test('least connections: who has the fewest for its weight', () => {
  const bench = chooserOf({ scheduler: 'least-connections' })
  bench.counts.set('a', 5).set('b', 2).set('c', 9)
  const served = countOf(bench.run(nodes('abc'), 10))
  assert.is(served['c'], undefined)
  assert.ok(Math.abs((bench.counts.get('a') ?? 0) - (bench.counts.get('b') ?? 0)) <= 1, JSON.stringify(served))
  const weighted = chooserOf({ scheduler: 'least-connections' })
  assert.equal(countOf(weighted.run(nodes('ab', { a: { weight: 3 } }), 400)), { a: 300, b: 100 })
})

test('least connections: it takes up what was lost, until all have the same again', () => {
  const bench = chooserOf({ scheduler: 'least-connections' })
  bench.run(nodes('abc'), 300)
  bench.counts.set('b', 0)
  assert.equal(countOf(bench.run(nodes('abc'), 100)), { b: 100 })
})

test('least connections: equals are drawn by lot, each as often as the others', () => {
  const counts: Record<string, number> = {}
  for (let seed = 1; seed <= 3_000; seed++) {
    const node = new Bench({ scheduler: 'least-connections' }, seed).run(nodes('abc'), 1)
    counts[node] = (counts[node] ?? 0) + 1
  }
  // 1,000 ± 26 each; five times that is an error.
  for (const count of Object.values(counts)) assert.ok(Math.abs(count - 1_000) <= 130, JSON.stringify(counts))
  const twice = [1, 2].map(() => new Bench({ scheduler: 'least-connections' }, 7).run(nodes('abcdef'), 50))
  assert.is(twice[0], twice[1], 'the same seed draws the same')
})

test('first: nodes fill up one after the other, the heaviest and then the lower name first', () => {
  assert.is(chooserOf({ scheduler: 'first', nodeConnections: 2 }).run(nodes('cba'), 7), 'aabbcc!')
  assert.is(chooserOf({ scheduler: 'first', nodeConnections: 2 }).run(nodes('ab', { b: { weight: 2 } }), 3), 'bba')
  assert.is(chooserOf({ scheduler: 'first' }).run(nodes('ab'), 3), 'aaa')
})

test('failover: the next serves when the one before cannot, and not when it is full', () => {
  const bench = chooserOf({ scheduler: 'failover', nodeConnections: 2 })
  assert.is(bench.run(nodes('ab'), 3), 'aa!')
  assert.is(nodeOf(bench.chooser.pick(nodes('ab'), new Set(['a']), '')), 'b', 'refused')
  assert.is(bench.run(nodes('ab', { a: inState('unhealthy') }), 1), 'b')
  const among = nodes('ab', { a: { local: true } })
  assert.is(chooserOf({ scheduler: 'failover', nodeConnections: 1, local: 'last' }).run(among, 2), 'b!')
})

test('one that only a newer release knows acts as round robin', () => {
  assert.is(chooserOf({ scheduler: 'least-busy' }).run(nodes('abc'), 6), 'abcabc')
})

test('nobody is there', () => {
  assert.is(chooserOf().chooser.pick([], NONE, ''), undefined)
})

test.run()
