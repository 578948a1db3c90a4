import type { NodeId } from '../../src/base/ids.js'
import { Preferences } from '../../src/election/preference.js'
import { assert, suite } from '../harness/suite.js'
import { idOf } from './script.js'

const test = suite('election/preference')

const node = (i: number): NodeId => i.toString(16).padStart(32, '0')
const candidates = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ node: node(i), priority: 0, capability: 0 }))
const services = (count: number) => Array.from({ length: count }, (_, i) => `service-${i}`)

function loads(preferences: Preferences, names: readonly string[]): number[] {
  const counts = new Map<NodeId, number>()
  for (const name of names) {
    const [first = ''] = preferences.order(name)
    counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  return [...counts.values()].sort((a, b) => a - b)
}

test('1,000 services on 16 nodes: no node is first for more than its share, none for much less', () => {
  const names = services(1_000)
  const counts = loads(new Preferences(names, candidates(16)), names)
  assert.is(counts.length, 16)
  assert.is(counts.at(-1), 63)
  assert.ok((counts[0] ?? 0) >= 0.8 * 62.5, `least: ${counts[0]}`)
})

test('the order does not depend on who computes it, nor in which order things became known', () => {
  const names = services(40)
  const one = new Preferences(names, candidates(5))
  const other = new Preferences([...names].reverse(), candidates(5).reverse())
  for (const name of names) assert.equal(one.order(name), other.order(name))
})

test('a node that goes moves its own services and few others', () => {
  const names = services(1_000)
  const before = new Preferences(names, candidates(16))
  const after = new Preferences(names, candidates(15))
  const moved = names.filter((name) => before.order(name)[0] !== after.order(name)[0])
  const own = names.filter((name) => before.order(name)[0] === node(15))
  assert.ok(own.every((name) => moved.includes(name)))
  assert.ok(moved.length <= 3 * own.length, `${moved.length} moved for ${own.length}`)
})

test('priority comes before capability, and both before the hash; a rank counts who comes before', () => {
  const [a, b, c] = [idOf('a'), idOf('b'), idOf('c')]
  const preferences = new Preferences(
    ['web'],
    [
      { node: a, priority: 100, capability: 0 },
      { node: b, priority: 100, capability: 2 },
      { node: c, priority: 200, capability: 0 },
    ],
  )
  assert.equal(preferences.order('web'), [c, b, a])
  assert.equal([preferences.rank('web', c), preferences.rank('web', a)], [0, 2])
  assert.is(preferences.rank('web', idOf('x')), 3, 'who is no candidate comes after all')
})

test('a service with an order of its own: who is kept out, other priorities; and the others are spread without it', () => {
  const names = services(60)
  const [special = ''] = names
  const own = new Map([[special, { keptOut: new Set([node(0)]), priorities: new Map([[node(2), 9]]) }]])
  const preferences = new Preferences(names, candidates(3), undefined, own)
  assert.equal(preferences.order(special), [node(2), node(1)])
  assert.equal([preferences.rank(special, node(1)), preferences.rank(special, node(0))], [1, 2])
  const others = names.slice(1)
  assert.ok(loads(preferences, others).every((load) => load <= 20))
  assert.is(preferences.order(others[0] ?? '').length, 3)
})

test.run()
