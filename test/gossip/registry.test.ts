import { Prng } from '../../src/base/prng.js'
import type { Entry } from '../../src/gossip/entry.js'
import { STAMP_MS_MAX, type Stamp } from '../../src/gossip/hlc.js'
import {
  ALL_NAMES,
  type Changes,
  type Delta,
  REGISTRY_LIMITS,
  Registry,
  TOMBSTONE_MS,
} from '../../src/gossip/registry.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, randomHistory, seeds, WALL } from './knowledge.js'

const test = suite('gossip/registry')
const [A, B] = [nodeId(1), nodeId(2)]

function registryOf(...deltas: readonly Delta[]): Registry {
  const registry = new Registry(nodeId(9))
  for (const delta of deltas) registry.merge(delta, WALL)
  return registry
}

function entryAt(name: string, value: string, stamp: Stamp): Entry {
  return { name, removed: undefined, cells: new Map([['x', { value, stamp }]]) }
}

test('fields are written one by one, and null unsets one', () => {
  const registry = new Registry(A)
  registry.write('service/web', { address: '10.0.0.1', ports: '80' }, WALL)
  registry.write('service/web', { ports: '81', local: true }, WALL)
  registry.write('service/web', { local: null }, WALL)
  assert.equal(registry.get('service/web'), { address: '10.0.0.1', ports: '81' })
})

test('writes to different fields on two sides of a partition both survive', () => {
  const a = new Registry(A)
  const b = registryOf(a.write('service/web', { address: '10.0.0.1', ports: '80' }, WALL))
  const onA = a.write('service/web', { ports: '81' }, WALL + 1)
  const onB = b.write('service/web', { local: 'first' }, WALL + 2)
  a.merge(onB, WALL + 3)
  b.merge(onA, WALL + 3)
  assert.equal(a.get('service/web'), { address: '10.0.0.1', local: 'first', ports: '81' })
  assert.is(a.fingerprint(), b.fingerprint())
})

test('a removal wins over earlier writes heard later, and a later write revives the entry without its old fields', () => {
  const a = new Registry(A)
  const written = a.write('service/web', { address: '10.0.0.1', ports: '80' }, WALL)
  const removed = a.remove('service/web', WALL + 1)
  assert.is(registryOf(removed, written).get('service/web'), undefined)
  const revived = a.write('service/web', { ports: '82' }, WALL + 2)
  assert.equal(registryOf(revived, written, removed).get('service/web'), { ports: '82' })
})

test('removing what is not there tells nobody anything', () => {
  const registry = new Registry(A)
  assert.equal(registry.remove('service/web', WALL), [])
  registry.write('service/web', { a: 1 }, WALL)
  assert.is(registry.remove('service/web', WALL).length, 1)
  assert.equal(registry.remove('service/web', WALL), [])
})

test('the order, grouping and repetition of merges do not matter', () => {
  for (const seed of seeds(150)) {
    const random = new Prng(seed)
    const history = randomHistory(random, 25)
    const inOrder = registryOf(...history)
    const shuffled = registryOf(...random.shuffle([...history]), ...history.slice(0, random.below(9)))
    const cut = random.below(history.length)
    const grouped = registryOf(registryOf(...history.slice(cut)).state(), registryOf(...history.slice(0, cut)).state())
    for (const other of [shuffled, grouped]) {
      assert.equal(other.state(), inOrder.state(), `replay with SEED=${seed}`)
      assert.is(other.fingerprint(), inOrder.fingerprint(), `replay with SEED=${seed}`)
    }
  }
})

test('what is new is told once, and passing only that on is enough', () => {
  for (const seed of seeds(50)) {
    const history = randomHistory(new Prng(seed), 25)
    const [first, second] = [registryOf(), registryOf()]
    for (const delta of history) {
      second.merge(first.merge(delta, WALL).news, WALL)
      assert.equal(first.merge(delta, WALL).news, [], `replay with SEED=${seed}`)
    }
    assert.equal(second.state(), first.state(), `replay with SEED=${seed}`)
  }
})

test('equal stamps with different values end alike everywhere', () => {
  const stamp: Stamp = { wallMs: WALL, counter: 0, node: A }
  const [left, right] = [[entryAt('s/a', 'l', stamp)], [entryAt('s/a', 'r', stamp)]]
  assert.equal(registryOf(left, right).state(), registryOf(right, left).state())
})

test('two registries become equal by exchanging what the digest of the other lacks', () => {
  for (const seed of seeds(50)) {
    const random = new Prng(seed)
    const history = randomHistory(random, 25)
    const [a, b] = [
      registryOf(...history.filter(() => random.chance(0.7))),
      registryOf(...history.filter(() => random.chance(0.7))),
    ]
    const [forB, forA] = [a.deltaSince(b.digest()), b.deltaSince(a.digest())]
    a.merge(forA, WALL)
    b.merge(forB, WALL)
    assert.equal(a.state(), b.state(), `replay with SEED=${seed}`)
    assert.equal(a.deltaSince(b.digest()), [])
  }
})

test('digests of parts say the same as one of all', () => {
  const a = new Registry(A)
  for (let i = 0; i < 10; i++) a.write(`service/s${i}`, { i }, WALL)
  const lacking = registryOf(a.state().filter((_, i) => i !== 4 && i !== 9))
  for (const rowsMax of [1, 2, 3, 8, 100]) {
    const names = lacking.digests(rowsMax).flatMap((digest) => a.deltaSince(digest).map(({ name }) => name))
    assert.equal(names, ['service/s4', 'service/s9'], `${rowsMax} rows`)
  }
  assert.equal(new Registry(B).digests(5), [{ ...ALL_NAMES, prints: new Map() }])
})

test('a value from a wrong clock gives way to the first write of whoever sees it', () => {
  const a = new Registry(A)
  a.merge([entryAt('s/a', 'from 2099', { wallMs: WALL * 2, counter: 5, node: B })], WALL)
  const fix = a.write('s/a', { x: 'fixed' }, WALL)
  const other = registryOf([entryAt('s/a', 'from 2099', { wallMs: WALL * 2, counter: 5, node: B })], fix)
  assert.equal(other.get('s/a'), { x: 'fixed' })
  assert.is(a.write('s/b', { x: 1 }, WALL)[0]?.cells.get('x')?.stamp.wallMs, WALL)
})

test('a forged last stamp is answered with a problem, not with a crash', () => {
  const a = new Registry(A)
  a.merge([entryAt('s/a', 'for ever', { wallMs: STAMP_MS_MAX, counter: 65_535, node: B })], WALL)
  assert.match(a.check('s/a', { x: 1 })[0] ?? '', /no write can follow/)
  assert.equal(a.remove('s/a', WALL), [])
})

test('check names what is wrong with a write', () => {
  const registry = new Registry(A)
  assert.equal(registry.check('service/web', { x: 'y'.repeat(4_094) }), [])
  const problems: [name: string, changes: unknown, problem: RegExp][] = [
    ['', { x: 1 }, /no name of an entry/],
    ['with blank', { x: 1 }, /no name of an entry/],
    ['s'.repeat(129), { x: 1 }, /no name of an entry/],
    ['s', {}, /nothing to write/],
    ['s', { 'a b': 1 }, /no name of a field/],
    ['s', JSON.parse('{ "__proto__": 1 }'), /no name of a field/],
    ['s', { x: 'y'.repeat(4_095) }, /4097 bytes as JSON, at most 4096/],
    ['s', { x: Number.NaN }, /finite number/],
    ['s', { x: [] }, /must be a text/],
  ]
  for (const [name, changes, pattern] of problems)
    assert.match(registry.check(name, changes as Changes).join('; '), pattern)
})

test('a full registry refuses what is new and lets what is there be changed and removed', () => {
  const limits = { ...REGISTRY_LIMITS, entriesMax: 2, fieldsMax: 2 }
  const registry = new Registry(A, limits)
  registry.write('s/a', { x: 1, y: 2 }, WALL)
  registry.write('s/b', { x: 1 }, WALL)
  assert.match(registry.check('s/c', { x: 1 })[0] ?? '', /3 entries, at most 2/)
  assert.match(registry.check('s/a', { z: 1 })[0] ?? '', /3 fields in one entry, at most 2/)
  assert.equal(registry.check('s/a', { x: 3 }), [])
  assert.is(registry.remove('s/a', WALL).length, 1)
})

test('writes that fit one by one and not together are refused together', () => {
  const writes = ['s/a', 's/b', 's/c'].map((name) => [name, { x: 'y'.repeat(1_000) }] as const)
  const tight = (limits: Partial<typeof REGISTRY_LIMITS>) => new Registry(A, { ...REGISTRY_LIMITS, ...limits })
  assert.equal(tight({}).checkAll(writes), [])
  assert.match(tight({ entriesMax: 2 }).checkAll(writes)[0] ?? '', /3 entries in all, at most 2/)
  assert.match(tight({ bytesMax: 3_000 }).checkAll(writes)[0] ?? '', /bytes in all, at most 3000/)
  assert.is(tight({ entriesMax: 2 }).checkAll([...writes, ['', {}]]).length, 2)
  const full = tight({ entriesMax: 1 })
  full.write('s/a', { x: 1 }, WALL)
  assert.equal(full.checkAll([['s/a', { x: 2 }]]), [])
})

test('a value too long for a link is left out, whoever brings it: a file is edited by hand', () => {
  const stamp = { wallMs: WALL, counter: 0, node: B }
  for (const length of [5_000, 70_000]) {
    const registry = new Registry(A)
    const { news, ignored } = registry.merge([entryAt('service/web', 'x'.repeat(length), stamp)], WALL)
    assert.equal([news, registry.entries()], [[], []])
    assert.match(ignored[0] ?? '', /service\/web: x takes more than 4096 bytes/)
  }
})

test('both halves of a partition may fill up; what goes beyond twice the limit is ignored and said', () => {
  const limits = { ...REGISTRY_LIMITS, entriesMax: 2 }
  const [a, b] = [new Registry(A, limits), new Registry(B, limits)]
  for (const n of [1, 2]) a.write(`s/a${n}`, { n }, WALL)
  for (const n of [1, 2]) b.write(`s/b${n}`, { n }, WALL)
  assert.equal(a.merge(b.state(), WALL).ignored, [])
  const beyond = a.merge([entryAt('s/z', 'one more', { wallMs: WALL, counter: 0, node: B })], WALL)
  assert.match(beyond.ignored[0] ?? '', /5 entries, at most 4/)
  assert.equal(beyond.news, [])
  assert.is(a.get('s/z'), undefined)
})

test('tombstones are forgotten after their time, also those that others still tell', () => {
  const registry = new Registry(A)
  registry.write('s/a', { x: 1 }, WALL)
  registry.remove('s/a', WALL)
  const tombstone = registry.state()
  assert.is(registry.expire(WALL + TOMBSTONE_MS), false)
  assert.is(registry.expire(WALL + TOMBSTONE_MS + 1), true)
  assert.equal(registry.state(), [])
  assert.equal(registry.merge(tombstone, WALL + TOMBSTONE_MS + 1), { news: [], ignored: [] })
  assert.is(registry.fingerprint(), new Registry(B).fingerprint())
})

const COUNTED = { ...REGISTRY_LIMITS, tombstoneMs: Number.POSITIVE_INFINITY, tombstonesMax: 3 }

function removeAll(registry: Registry, names: readonly string[], wall: number): void {
  for (const name of names) {
    registry.write(name, { x: 1 }, wall)
    registry.remove(name, wall)
  }
}

test('where removals are counted the last ones of each kind stay, whatever the year is said to be', () => {
  const a = new Registry(A, COUNTED)
  a.write('ban/x', { x: 1 }, WALL)
  a.remove('ban/x', WALL)
  removeAll(a, ['key/1', 'key/2', 'key/4'], WALL)
  const dropped = a.state().filter(({ name }) => name === 'key/1')
  // Hosts whose clocks say 1970 and 2099.
  const [early, late] = [new Registry(B, COUNTED), new Registry(nodeId(3), COUNTED)]
  early.merge(a.state(), 5)
  removeAll(early, ['key/3'], 5)
  late.merge(early.state(), WALL * 2)
  removeAll(late, ['key/5'], WALL * 2)
  a.merge(late.state(), WALL)
  removeAll(a, ['key/6'], WALL)
  assert.equal(a.merge(dropped, WALL), { news: [], ignored: [] })
  assert.is(a.expire(WALL * 3), false)
  assert.equal(
    a.state().map(({ name }) => name),
    ['ban/x', 'key/3', 'key/5', 'key/6'],
  )
})

test('an entry that was removed by a clock of 1970 does not come back with whoever still has it', () => {
  const [a, old] = [new Registry(A, COUNTED), new Registry(B, COUNTED)]
  a.write('key/1', { x: 1 }, WALL)
  old.merge(a.write('key/2', { x: 1 }, 5), WALL)
  a.remove('key/2', 6)
  const others = new Registry(nodeId(3), COUNTED)
  others.merge(a.state(), WALL)
  others.expire(WALL * 2)
  others.merge(old.state(), WALL)
  assert.is(others.get('key/2'), undefined)
})

test('maps whose removals are counted become equal, in whatever order they hear of them', () => {
  for (const seed of seeds(60)) {
    const random = new Prng(seed)
    const nodes = [1, 2, 3].map((id) => new Registry(nodeId(id), COUNTED))
    const parts: Delta[] = []
    for (let i = 0; i < 60; i++) {
      const node = nodes[random.below(3)] as Registry
      const name = `key/${random.below(12)}`
      const wall = random.chance(0.2) ? random.below(1_000) : WALL + i
      parts.push(random.chance(0.5) ? node.write(name, { x: i }, wall) : node.remove(name, wall))
      if (random.chance(0.3)) node.merge(parts[random.below(parts.length)] ?? [], WALL)
    }
    for (let round = 0; round < 4; round++) {
      for (const from of nodes) for (const to of nodes) to.merge(from.deltaSince(to.digest()), WALL)
    }
    const [first, ...others] = nodes.map((one) => one.fingerprint())
    assert.equal(others, [first, first], `replay with SEED=${seed}`)
  }
})

test.run()
