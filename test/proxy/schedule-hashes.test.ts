/** Source hash and maglev: even shares, the same answer everywhere, and how few clients move when a node goes. */
import { maglevTable, TABLE_SLOTS } from '../../src/proxy/schedule/maglev.js'
import type { Candidate } from '../../src/proxy/schedule/scheduler.js'
import { assert, suite } from '../harness/suite.js'
import { addressOf, chooserOf, countOf, nodeOf, nodes } from './choosers.js'

const test = suite('proxy/schedule/hashes', 10_000)
const CLIENTS = 20_000
const LETTERS = 'abcdefghij'
const BOTH = ['source-hash', 'maglev'] as const

function servedBy(scheduler: string, among: readonly Candidate[]): string {
  return chooserOf({ scheduler }).run(among, CLIENTS, addressOf)
}

/** Clients whose node is another; of those whose node stayed, and of those whose node went. */
function moved(before: string, after: string, gone: string): { stayed: number; gone: number } {
  const counts = { stayed: 0, gone: 0 }
  for (let i = 0; i < before.length; i++) {
    if (before[i] === after[i]) continue
    if (before[i] === gone) counts.gone++
    else counts.stayed++
  }
  return counts
}

test('shares: each of ten nodes has a tenth of the clients', () => {
  // Of 20,000 drawn at random a node has 2,000 ± 42; five times that is an error.
  for (const scheduler of BOTH) {
    const counts = Object.values(countOf(servedBy(scheduler, nodes(LETTERS))))
    assert.is(counts.length, 10)
    for (const count of counts) assert.ok(Math.abs(count - 2_000) <= 5 * 42, `${scheduler}: ${counts}`)
  }
})

test('weights: a node of weight 3 has three times the clients of one of weight 1', () => {
  for (const scheduler of BOTH) {
    const counts = countOf(servedBy(scheduler, nodes('abc', { a: { weight: 3 } })))
    assert.ok(Math.abs((counts['a'] ?? 0) / CLIENTS - 0.6) < 0.02, `${scheduler}: ${JSON.stringify(counts)}`)
    assert.ok(Math.abs((counts['b'] ?? 0) / CLIENTS - 0.2) < 0.02, `${scheduler}: ${JSON.stringify(counts)}`)
  }
})

test('the answer does not depend on who computes it, nor in which order nodes came', () => {
  for (const scheduler of BOTH) {
    const [one, other] = [nodes(LETTERS), nodes([...LETTERS].reverse().join(''))]
    assert.is(servedBy(scheduler, one), servedBy(scheduler, other), scheduler)
  }
})

test('a node goes: its clients move, of the others none (source hash) or less than one per cent (maglev)', () => {
  for (const scheduler of BOTH) {
    const before = servedBy(scheduler, nodes(LETTERS))
    for (const letter of LETTERS) {
      const after = servedBy(scheduler, nodes(LETTERS.replace(letter, '')))
      const { stayed, gone } = moved(before, after, letter)
      assert.is(gone, countOf(before)[letter], scheduler)
      assert.ok(stayed <= (scheduler === 'source-hash' ? 0 : 0.01 * CLIENTS), `${scheduler} ${letter}: ${stayed}`)
      // Whoever moved is spread over all that are left.
      const heirs = countOf([...after].filter((_, i) => before[i] === letter).join(''))
      assert.is(Object.keys(heirs).length, 9, scheduler)
      const most = Math.max(...Object.values(heirs))
      assert.ok(most < (2 * gone) / 9, `${scheduler} ${letter}: ${JSON.stringify(heirs)}`)
    }
    assert.is(servedBy(scheduler, nodes(LETTERS)), before, `${scheduler}: it comes back to its clients`)
  }
})

test('a modulo of the number of nodes would move most of them: the check sees it', () => {
  const byModulo = (count: number) =>
    Array.from({ length: CLIENTS }, (_, i) => LETTERS[(i * 2_654_435_761) % count] ?? '').join('')
  const { stayed } = moved(byModulo(10), byModulo(9), 'j')
  assert.ok(stayed > 0.5 * CLIENTS, `${stayed}`)
})

test('a client that is refused has the node that it would have without that one', () => {
  const among = nodes(LETTERS)
  const { chooser } = chooserOf({ scheduler: 'source-hash' })
  for (let i = 0; i < 200; i++) {
    const client = addressOf(i)
    const first = nodeOf(chooser.pick(among, new Set(), client))
    const second = nodeOf(chooser.pick(among, new Set([first]), client))
    const without = chooserOf({ scheduler: 'source-hash' }).chooser
    assert.is(second, nodeOf(without.pick(nodes(LETTERS.replace(first, '')), new Set(), client)))
  }
})

test('all have refused', () => {
  for (const scheduler of BOTH) {
    const { chooser } = chooserOf({ scheduler })
    assert.is(chooser.pick(nodes('abc'), new Set(['a', 'b', 'c']), '10.0.0.1'), undefined, scheduler)
    assert.is(chooser.pick([], new Set(), '10.0.0.1'), undefined, scheduler)
  }
})

test('maglev: no node has a slot more than another of the same weight, give or take one', () => {
  for (const count of [1, 2, 3, 10, 100]) {
    const table = maglevTable(
      Array.from({ length: count }, (_, i) => ({ ...nodes('a')[0], node: `n${i}` }) as Candidate),
    )
    const slots = new Array<number>(count).fill(0)
    for (const number of table) slots[number] = (slots[number] ?? 0) + 1
    assert.is(table.length, TABLE_SLOTS)
    assert.ok(
      Math.max(...slots) - Math.min(...slots) <= 1,
      `${count} nodes: ${Math.min(...slots)} to ${Math.max(...slots)}`,
    )
  }
})

test.run()
