/**
 * What becomes of changes made while the cluster is cut in two: three nodes on one side, two on the other. "Acknowledged"
 * is a write that its node has saved and told to all that it can reach; the rule is in docs/registry.md.
 */
import { Prng } from '../../src/base/prng.js'
import { HOUR_MS, MINUTE_MS } from '../../src/base/time.js'
import type { Fields } from '../../src/gossip/entry.js'
import { assert, suite } from '../harness/suite.js'
import { seeds, WALL } from './knowledge.js'
import { SyncNetwork } from './sync-network.js'

const test = suite('gossip/registry-partition')

const MAJORITY = [0, 1, 2]
const MINORITY = [3, 4]
const WEB = 'service/web'

function cutInTwo(seed = 1, minorityAheadMs = 0): SyncNetwork {
  const network = new SyncNetwork(5, seed)
  for (const index of MINORITY) network.aheadMs.set(index, minorityAheadMs)
  network.linkAll()
  write(network, 0, { address: '10.0.0.1', ports: '80', local: 'equal' })
  network.run(network.now + 300)
  network.cut(MAJORITY.length)
  return network
}

function write(network: SyncNetwork, index: number, changes: Readonly<Record<string, string>>, name = WEB): void {
  network.feed(index, { type: 'write', name, changes })
  network.run(network.now + 100)
}

function heal(network: SyncNetwork): void {
  network.linkAll()
  network.run(network.now + 500)
  assert.ok(network.agrees(), 'both sides hold the same')
}

/** What every node holds. */
function held(network: SyncNetwork, name = WEB): Fields | undefined {
  assert.ok(network.agrees())
  return network.node(4).registry.get(name)
}

for (const [clocks, aheadMs] of [
  ['right clocks', 0],
  ['a clock an hour ahead on the minority side', HOUR_MS],
] as const) {
  test(`${clocks}: what the majority side changed is there after healing, and so is the rest`, () => {
    const network = cutInTwo(1, aheadMs)
    write(network, 0, { ports: '81' })
    write(network, 3, { local: 'last' })
    write(network, 1, { ports: '5432' }, 'service/db')
    write(network, 4, { ports: '25' }, 'service/mail')
    write(network, 2, { ports: '82' })
    heal(network)
    assert.equal(held(network), { address: '10.0.0.1', local: 'last', ports: '82' })
    assert.equal(held(network, 'service/db'), { ports: '5432' })
    assert.equal(held(network, 'service/mail'), { ports: '25' })
  })

  test(`${clocks}: of random changes only those of a field that the other side wrote too can be lost`, () => {
    for (const seed of seeds(15)) {
      const random = new Prng(seed)
      const network = cutInTwo(seed, aheadMs)
      const last = { majority: new Map<string, string>(), minority: new Set<string>() }
      for (let i = 0; i < 30; i++) {
        const [name, field] = [`s/${random.below(3)}`, `f${random.below(4)}`]
        const index = random.below(5)
        write(network, index, { [field]: `${i}` }, name)
        if (index < MAJORITY.length) last.majority.set(`${name} ${field}`, `${i}`)
        else last.minority.add(`${name} ${field}`)
      }
      heal(network)
      for (const [key, value] of last.majority) {
        const [name = '', field = ''] = key.split(' ')
        if (!last.minority.has(key)) assert.is(held(network, name)?.[field], value, `${key}, replay with SEED=${seed}`)
      }
    }
  })

  test(`${clocks}: a change made after healing stands at once, whatever the sides had written`, () => {
    const network = cutInTwo(1, aheadMs)
    write(network, 0, { ports: '81' })
    write(network, 3, { ports: '82' })
    heal(network)
    write(network, 0, { ports: '83' })
    assert.is(held(network)?.['ports'], '83')
    write(network, 3, { ports: '84' })
    write(network, 1, { ports: '85' })
    assert.is(held(network)?.['ports'], '85')
  })
}

test('right clocks: of two changes of one field the later one stays, on whichever side', () => {
  for (const [first, second] of [
    [0, 3],
    [3, 0],
  ] as const) {
    const network = cutInTwo()
    write(network, first, { ports: '81' })
    write(network, second, { ports: '82' })
    heal(network)
    assert.is(held(network)?.['ports'], '82')
  }
})

test('what a clock an hour ahead wrote before the cut is no obstacle to a change on the majority side', () => {
  const network = cutInTwo(1, HOUR_MS)
  heal(network)
  write(network, 3, { ports: '81' })
  network.cut(MAJORITY.length)
  write(network, 0, { ports: '82' })
  heal(network)
  assert.is(held(network)?.['ports'], '82')
})

test('a clock an hour ahead wins the fields that both sides wrote, and no others', () => {
  const network = cutInTwo(1, HOUR_MS)
  write(network, 3, { ports: '81' })
  write(network, 0, { ports: '82', local: 'first' })
  heal(network)
  assert.equal(held(network), { address: '10.0.0.1', local: 'first', ports: '81' })
})

test('a clock an hour behind loses the fields that both sides wrote, and no others', () => {
  const network = cutInTwo(1, -HOUR_MS)
  write(network, 0, { ports: '81' })
  write(network, 3, { ports: '82', local: 'first' })
  heal(network)
  assert.equal(held(network), { address: '10.0.0.1', local: 'first', ports: '81' })
})

test('while all are linked a wrong clock does no harm: the last change stands', () => {
  for (const aheadMs of [HOUR_MS, -HOUR_MS]) {
    const network = cutInTwo(1, aheadMs)
    heal(network)
    for (const [i, index] of [3, 0, 4, 1, 3].entries()) {
      write(network, index, { ports: `${i}` })
      assert.is(held(network)?.['ports'], `${i}`)
    }
  }
})

test('a service that was added on both sides is one service, field by field', () => {
  const network = cutInTwo()
  write(network, 0, { address: '10.0.0.2', ports: '1' }, 'service/new')
  write(network, 3, { ports: '2', local: 'last' }, 'service/new')
  heal(network)
  assert.equal(held(network, 'service/new'), { address: '10.0.0.2', local: 'last', ports: '2' })
})

test('a change that is later than the removal on the other side is there, and what was older is gone', () => {
  const network = cutInTwo()
  network.feed(3, { type: 'remove', name: WEB })
  network.run(network.now + 100)
  write(network, 0, { ports: '81' })
  heal(network)
  assert.equal(held(network), { ports: '81' })
})

test('a removal with a clock an hour ahead takes the service along, and it can be added again at once', () => {
  const network = cutInTwo(1, HOUR_MS)
  network.feed(3, { type: 'remove', name: WEB })
  write(network, 0, { ports: '81' })
  heal(network)
  assert.is(held(network), undefined)
  write(network, 0, { address: '10.0.0.1', ports: '81' })
  assert.equal(held(network), { address: '10.0.0.1', ports: '81' })
})

test('no clock follows the one that is ahead: writes of other services keep the true time', () => {
  const network = cutInTwo(1, HOUR_MS)
  write(network, 3, { ports: '81' })
  heal(network)
  write(network, 0, { ports: '5432' }, 'service/db')
  const entry = network
    .node(4)
    .registry.state()
    .find(({ name }) => name === 'service/db')
  const stampMs = entry?.cells.get('ports')?.stamp.wallMs ?? 0
  assert.ok(stampMs <= WALL + network.now + MINUTE_MS, `${stampMs - WALL - network.now} ms ahead`)
})

test.run()
