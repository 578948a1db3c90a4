/**
 * Nodes of the release before this one beside nodes of this one: who directs gives away, dies and is followed, in both directions,
 * and no connection is lost that would live among equals. `CASE=move`, `CLIENTS=60`, `ROUNDS=1`.
 */
import type { LabNode } from '../../src/lab/cluster.io.js'
import { assert, type Scope, suite, type TestOptions } from '../harness/suite.js'
import { mixedSite, NEEDS, Releases } from './releases.js'
import { ADDRESS, type SurvivalSite } from './survival.js'
import { assertWhole, storyOf } from './waits.js'

const suiteOf = suite('cluster/versions', 240_000)
const test = (title: string, body: (scope: Scope) => Promise<void>, options: TestOptions = NEEDS) => {
  if (title.includes(process.env['CASE'] ?? '')) suiteOf(title, body, options)
}
const CLIENTS = Number(process.env['CLIENTS'] ?? 60)
const ROUNDS = Number(process.env['ROUNDS'] ?? 1)

/** `a` and `b` direct, one of each release; `c` and `d`, one of each, vote and serve. */
async function fourNodes(scope: Scope, local: 'equal' | 'last'): Promise<SurvivalSite> {
  const site = await mixedSite(scope, ['a', 'b', 'c', 'd'], new Releases(['a', 'c']), '--local', local)
  for (const name of ['c', 'd']) await site.cluster.baton(site.cluster.named(name), 'drain', '--director')
  await directedBy(site, 'a')
  return site
}

async function directedBy(site: SurvivalSite, name: string): Promise<LabNode> {
  const { node } = await site.director()
  if (node.name !== name) await site.cluster.baton(node, 'move', 'echo', '--to', name)
  const { name: now } = (await site.cluster.serving('echo')).director
  assert.is(now, name)
  return site.cluster.named(name)
}

test('election: either release is elected by the votes of both, and all see the same', async (scope) => {
  const site = await fourNodes(scope, 'last')
  for (const next of ['b', 'a']) {
    const { node } = await site.director()
    assert.is.not(node.name, next)
    await site.cluster.kill(node)
    assert.is((await site.cluster.serving('echo')).director.name, next)
    site.cluster.up(node)
    await site.cluster.answers(node)
    await site.cluster.settled()
    for (const { name, client } of site.cluster.nodes) {
      const { members, electorate } = await client.status()
      assert.equal(
        members.map((member) => [member.name, member.state]).sort(),
        ['a', 'b', 'c', 'd'].map((one) => [one, 'alive']),
      )
      assert.is(electorate.voters.length, 4, name)
    }
  }
})

for (const [from, to] of [
  ['a', 'b'],
  ['b', 'a'],
] as const) {
  const words = from === 'a' ? 'the earlier release to this one' : 'this release to the earlier one'
  test(`move from ${words}: all connections go along, to programs on nodes of both`, async (scope) => {
    const site = await fourNodes(scope, 'equal')
    for (let round = 0; round < ROUNDS; round++) {
      const node = await directedBy(site, from)
      const report = await site.fare(ADDRESS, CLIENTS, () => site.cluster.baton(node, 'move', 'echo', '--to', to))
      assertWhole(report, CLIENTS, `moved from ${from} to ${to}`, storyOf(site))
      assert.is((await site.director()).node.name, to)
    }
  })

  test(`takeover from ${words}: all connections live on, to programs on nodes of both`, async (scope) => {
    const site = await fourNodes(scope, 'last')
    for (let round = 0; round < ROUNDS; round++) {
      const node = await directedBy(site, from)
      const report = await site.fare(ADDRESS, CLIENTS, () => site.cluster.kill(node))
      assertWhole(report, CLIENTS, `${from} was killed`, storyOf(site))
      assert.is((await site.director()).node.name, to)
      await site.powerOn(node)
      await site.cluster.answers(node)
      await site.cluster.settled()
    }
  })
}

suiteOf.run()
