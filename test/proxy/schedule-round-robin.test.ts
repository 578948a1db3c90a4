import type { NodeId } from '../../src/base/ids.js'
import { Prng } from '../../src/base/prng.js'
import { RoundRobin } from '../../src/proxy/schedule/round-robin.js'
import type { Candidate, Scheduler } from '../../src/proxy/schedule/scheduler.js'
import { assert, suite } from '../harness/suite.js'
import { SEED } from './random-headers.js'

const test = suite('proxy/schedule/round-robin')

function candidates(nodes: string): Candidate[] {
  return [...nodes].map((node) => ({ node, name: node.toUpperCase(), port: 80, local: false }))
}

function picks(scheduler: Scheduler, among: readonly Candidate[], count: number): string {
  return Array.from({ length: count }, () => scheduler.pick(among)?.node ?? '-').join('')
}

function countOf(nodes: string): Record<NodeId, number> {
  const counts: Record<NodeId, number> = {}
  for (const node of nodes) counts[node] = (counts[node] ?? 0) + 1
  return counts
}

test('k rounds give k turns to each', () => {
  assert.equal(countOf(picks(new RoundRobin(), candidates('abcde'), 5 * 1_000)), {
    a: 1_000,
    b: 1_000,
    c: 1_000,
    d: 1_000,
    e: 1_000,
  })
})

test('nobody to pick from', () => {
  assert.is(new RoundRobin().pick([]), undefined)
})

test('the order is that of the node ids, whatever order they come in', () => {
  assert.is(picks(new RoundRobin(), candidates('cab'), 6), 'abcabc')
})

test('a new array with the same nodes changes nothing', () => {
  const scheduler = new RoundRobin()
  const turns = Array.from({ length: 6 }, (_, i) => picks(scheduler, candidates(i % 2 ? 'abc' : 'cba'), 1))
  assert.is(turns.join(''), 'abcabc')
})

test('after a change the rotation goes on behind the last node', () => {
  const rows: [string, string, string, string, string][] = [
    ['one before it appears', 'bd', 'b', 'abd', 'dabda'],
    ['one after it appears', 'bd', 'b', 'bcd', 'cdbcd'],
    ['the last one leaves', 'abc', 'ab', 'ac', 'cacac'],
    ['the next one leaves', 'abc', 'a', 'ac', 'cacac'],
    ['all are new', 'abc', 'ab', 'xy', 'xyxyx'],
  ]
  for (const [what, before, turns, after, expected] of rows) {
    const scheduler = new RoundRobin()
    assert.is(picks(scheduler, candidates(before), turns.length), turns, what)
    assert.is(picks(scheduler, candidates(after), 5), expected, what)
  }
})

test('a node that stays has one turn between two turns of any other that stays, whoever comes and goes', () => {
  const random = new Prng(SEED)
  const scheduler = new RoundRobin()
  const stay = 'dkq'
  let turns = ''
  for (let i = 0; i < 3_000; i++) {
    const others = [...'abcefghijlmnoprs'].filter(() => random.chance(0.5))
    turns += picks(scheduler, candidates(stay + others.join('')), 1 + random.below(3))
  }
  assert.ok(isFairTo(turns, stay), `SEED=${SEED}`)
  // The checker sees one turn too many, and one too few.
  assert.not.ok(isFairTo('dkqdkkqdkq', stay))
  assert.not.ok(isFairTo('dkqdqdkq', stay))
})

/** Those that stay take turns exactly; nobody else has two turns without all of them in between. */
function isFairTo(turns: string, stay: string): boolean {
  const seen = [...turns].filter((node) => stay.includes(node)).join('')
  const exact = seen === stay.repeat(Math.ceil(seen.length / stay.length)).slice(0, seen.length)
  const doubled = turns.split(stay[0] ?? '').some((round) => new Set(round).size < round.length)
  return exact && !doubled
}

test('a retry goes to another node and leaves the rotation as it was', () => {
  const scheduler = new RoundRobin()
  const among = candidates('abc')
  assert.is(picks(scheduler, among, 1), 'a')
  assert.is.not(scheduler.pick(among, new Set(['a']))?.node, 'a')
  assert.is(picks(scheduler, among, 5), 'bcabc')
})

test('all have refused', () => {
  assert.is(new RoundRobin().pick(candidates('ab'), new Set(['a', 'b'])), undefined)
})

test('the connections of a node that refuses all are spread evenly over the others', () => {
  const scheduler = new RoundRobin()
  const among = candidates('abcd')
  let served = ''
  for (let i = 0; i < 1_200; i++) {
    const first = scheduler.pick(among)?.node ?? ''
    served += first === 'b' ? scheduler.pick(among, new Set(['b']))?.node : first
  }
  assert.equal(countOf(served), { a: 400, c: 400, d: 400 })
})

test.run()
