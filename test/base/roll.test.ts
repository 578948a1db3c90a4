import { NumberTable } from '../../src/base/number-table.js'
import { Prng } from '../../src/base/prng.js'
import { Roll } from '../../src/base/roll.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/roll')

const member = (name: number) => ({ name, place: -1 })

test('a roll has whom a set would have, whoever comes and goes', () => {
  const random = new Prng(1)
  const people = Array.from({ length: 50 }, (_, i) => member(i))
  const [roll, set] = [new Roll<(typeof people)[0]>(), new Set<(typeof people)[0]>()]
  for (let step = 0; step < 5_000; step++) {
    const one = people[random.below(people.length)]
    if (one === undefined) continue
    if (random.chance(0.5)) {
      roll.add(one)
      set.add(one)
    } else {
      roll.delete(one)
      set.delete(one)
    }
    assert.is(roll.size, set.size)
    assert.is(roll.has(one), set.has(one))
  }
  const names = (all: Iterable<{ name: number }>) => [...all].map(({ name }) => name).sort((a, b) => a - b)
  assert.equal(names(roll), names(set))
})

test('whoever is visited may leave, and nobody else is missed or visited twice', () => {
  const people = Array.from({ length: 9 }, (_, i) => member(i))
  const roll = new Roll<(typeof people)[0]>()
  for (const one of people) roll.add(one)
  const visited: number[] = []
  for (const one of roll) {
    visited.push(one.name)
    if (one.name % 2 === 0) roll.delete(one)
    if (one.name === 4) roll.add(member(99))
  }
  assert.equal([...visited].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8])
  assert.is(roll.size, 5)
})

test('a table of numbers answers as a map does, over growth, deletions and numbers of any size', () => {
  const random = new Prng(2)
  const [table, map] = [new NumberTable<{ value: number }>(), new Map<number, { value: number }>()]
  const keys = Array.from({ length: 400 }, (_, i) => {
    return i % 3 === 0 ? i : i % 3 === 1 ? random.below(2 ** 31) * 2 ** 20 + i : 2 ** 32 * i
  })
  for (let step = 0; step < 40_000; step++) {
    const key = keys[random.below(step < 20_000 ? 400 : 40)] as number
    if (random.chance(0.55)) {
      const value = { value: step }
      table.set(key, value)
      map.set(key, value)
    } else assert.is(table.delete(key), map.delete(key))
    const probe = keys[random.below(400)] as number
    assert.is(table.get(probe), map.get(probe))
    assert.is(table.size, map.size)
  }
  const byKey = (a: [number, unknown], b: [number, unknown]) => a[0] - b[0]
  assert.equal(table.entries().sort(byKey), [...map].sort(byKey))
  table.clear()
  assert.is(table.size, 0)
  assert.is(table.get(keys[0] as number), undefined)
})

test.run()
