/** By which way members are reached: alone, and in clusters of which one hears no datagrams. */
import { MISSES, Ways } from '../../src/gossip/ways.js'
import { assert, suite } from '../harness/suite.js'
import { MembershipCluster } from '../sim/membership.js'
import { LOSSY } from '../sim/membership-cast.js'
import { nodeId } from './profiles.js'

const test = suite('gossip/ways', 20_000)
const [A, B] = [nodeId(0), nodeId(1)]

test('a member hears datagrams until some in a row are not answered, and again when one is', () => {
  const ways = new Ways(10)
  assert.ok(ways.hearsDatagrams(A))
  for (let seq = 1; seq <= MISSES; seq++) {
    assert.ok(ways.hearsDatagrams(A))
    ways.asked(A, seq)
    ways.missed(A)
  }
  assert.not(ways.hearsDatagrams(A))
  assert.ok(ways.hearsDatagrams(B))
  ways.asked(A, 9)
  ways.answered(A, 8)
  assert.not(ways.hearsDatagrams(A), 'that was another ping')
  ways.answered(A, 9)
  assert.ok(ways.hearsDatagrams(A))
})

test('as many are remembered as there may be members', () => {
  const ways = new Ways(2)
  for (let i = 0; i < 5; i++) ways.asked(nodeId(i), i)
  ways.missed(nodeId(0))
  assert.ok(ways.hearsDatagrams(nodeId(0)))
})

/** The last ones are behind NATs of their own; control links to them stand. */
function hidden(seed: number, count = 1): MembershipCluster {
  const cluster = MembershipCluster.joined({ links: true, size: 3 + count, seed, weather: LOSSY })
  for (let index = 3; index < 3 + count; index++) cluster.hide(index)
  return cluster
}

test('a member behind a NAT is a member like others: nobody suspects it, and it suspects nobody', () => {
  for (const seed of [1, 2, 3]) {
    const cluster = hidden(seed)
    cluster.run(300_000)
    assert.equal(
      cluster.seen.filter(({ state }) => state === 'suspect' || state === 'down'),
      [],
      `SEED=${seed}`,
    )
  }
})

test('nor is one of two behind NATs that do not reach each other at all: those that have links to them ask in their place', () => {
  for (const seed of [1, 2, 3]) {
    const cluster = hidden(seed, 2)
    cluster.links.forbid(cluster.node(3), cluster.node(4))
    cluster.run(100_000)
    assert.equal(
      cluster.seen.filter(({ state }) => state === 'down'),
      [],
      `SEED=${seed}`,
    )
  }
})

test('its death is known to all as soon as that of others, and theirs to it', () => {
  for (const seed of [1, 2, 3, 4]) {
    for (const victim of [3, 1]) {
      const cluster = hidden(seed)
      cluster.run(5_000)
      cluster.crash(victim)
      assert.ok(cluster.untilKnownDown(victim, 2_000) !== undefined, `SEED=${seed}, member ${victim}`)
    }
  }
})

test.run()
