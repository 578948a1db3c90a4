/**
 * Nodes of the release before this one beside nodes of this one: who directs gives away, dies and is followed, in both directions,
 * and no connection is lost that would live among equals. `CASE=move`, `CLIENTS=60`, `ROUNDS=1`.
 */
import path from 'node:path'
import type { UpgradePlan } from '../../src/cli/upgrade-plan.js'
import { Registry } from '../../src/gossip/registry.js'
import { loadRegistry, saveRegistry } from '../../src/gossip/registry-file.io.js'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite, type TestOptions } from '../harness/suite.js'
import { mixedSite, NEEDS, Releases } from './releases.js'
import { ADDRESS, printedBy, type SurvivalSite } from './survival.js'
import { countedAt, Waiters } from './waiting.js'
import { assertWhole, storyOf } from './waits.js'

const test = suite('cluster/versions', 240_000)
const show = (title: string, body: (scope: Scope) => Promise<void>, options: TestOptions = NEEDS) => {
  if (title.includes(process.env['CASE'] ?? '')) test(title, body, options)
}
const CLIENTS = Number(process.env['CLIENTS'] ?? 60)
const ROUNDS = Number(process.env['ROUNDS'] ?? 1)

/** `a` and `b` direct, one of each release; `c` and `d`, one of each, vote and serve. */
async function fourNodes(scope: Scope, local: 'equal' | 'last'): Promise<SurvivalSite> {
  const site = await mixedSite(scope, ['a', 'b', 'c', 'd'], new Releases(['a', 'c']), 'lan', '--local', local)
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

show('election: either release is elected by the votes of both, and all see the same', async (scope) => {
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
  show(`move from ${words}: all connections go along, to programs on nodes of both`, async (scope) => {
    const site = await fourNodes(scope, 'equal')
    for (let round = 0; round < ROUNDS; round++) {
      const node = await directedBy(site, from)
      const report = await site.fare(ADDRESS, CLIENTS, () => site.cluster.baton(node, 'move', 'echo', '--to', to))
      assertWhole(report, CLIENTS, `moved from ${from} to ${to}`, storyOf(site))
      assert.is((await site.director()).node.name, to)
    }
  })

  show(`takeover from ${words}: all connections live on, to programs on nodes of both`, async (scope) => {
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

show(
  'waiting: a director of the earlier release takes over who is served; who waits is told that it is lost',
  async (scope) => {
    const limits = ['--local', 'equal', '--node-connections', '7', '--queue-timeout', '60s']
    const site = await mixedSite(scope, ['a', 'b', 'c'], new Releases(['a']), 'lan', ...limits)
    await site.cluster.baton(site.cluster.named('c'), 'drain', '--director')
    const node = await directedBy(site, 'b')
    const holders = await site.hold(ADDRESS, 21)
    const waiters = await Waiters.of(site, 20, 1_000)
    await countedAt(site, 'waiting', 20)
    await site.cluster.baton(node, 'move', 'echo', '--to', 'a')
    const areTold = () => waiters.fates.length === 20 || undefined
    await until(areTold, 8_000, () => `all who waited are told; ${waiters.fates.length} are`)
    assert.ok(
      waiters.fates.every((fate) => fate.includes('ECONNRESET')),
      waiters.fates.join('\n'),
    )
    assert.equal(printedBy(holders), ['all stand'], 'who was served is well')
  },
)

show(
  'registry: what one release does not know of an entry is kept when it writes another field of it',
  async (scope) => {
    const site = await mixedSite(scope, ['a', 'b', 'c'], new Releases(['a']), 'lan')
    const [old, ours] = [site.cluster.named('a'), site.cluster.named('b')]
    await site.cluster.stop(ours)
    // As a release after this one would write it, and an entry of a kind that nobody here knows.
    const registry = new Registry((await old.client.status()).node.id)
    const file = path.join(ours.state, 'registry.json')
    registry.merge(loadRegistry(file), Date.now())
    registry.write('service/echo', { sparkle: 'gold' }, Date.now())
    registry.write('unicorn/one', { colour: 'white' }, Date.now())
    saveRegistry(file, registry.state())
    site.cluster.up(ours)
    await site.cluster.answers(ours)
    await site.cluster.settled()
    for (const [node, words] of [
      [old, ['--idle-timeout', '5m']],
      [ours, ['--connect-timeout', '7s']],
    ] as const) {
      await site.cluster.baton(node, 'service', 'set', 'echo', ...words)
    }
    const merged = async () => {
      const views = await Promise.all(site.cluster.nodes.map(({ client }) => client.service('echo')))
      return (
        views.every(({ definition }) => definition.idleMs === 300_000 && definition.connectMs === 7_000) || undefined
      )
    }
    await until(merged, 5_000, 'both changes are everywhere')
    const { id } = (await old.client.status()).node
    for (const node of site.cluster.nodes) await site.cluster.stop(node)
    for (const { name, state } of site.cluster.nodes) {
      const kept = new Registry(id)
      kept.merge(loadRegistry(path.join(state, 'registry.json')), Date.now())
      const { sparkle, idleMs, connectMs } = kept.get('service/echo') ?? {}
      assert.equal([sparkle, idleMs, connectMs], ['gold', 300_000, 7_000], name)
      assert.equal(kept.get('unicorn/one'), { colour: 'white' }, name)
    }
  },
)

show('keys: a node of the earlier release is named by who refuses; and what runs where is told', async (scope) => {
  const releases = new Releases(['a'])
  const site = await mixedSite(scope, ['a', 'b', 'c'], releases, 'lan')
  const [old, ours] = [site.cluster.named('a'), site.cluster.named('b')]
  const refused = await site.cluster.baton(ours, 'keys', 'rotate').then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  )
  assert.match(refused, /cannot be used yet: a has not said that they hold it/)
  assert.match(refused, /of an earlier release.*upgrade it/s)
  const planAt = async (node: LabNode) => {
    const said = await site.cluster.baton(node, 'upgrade', '--check', '--json').catch((error) => error)
    return JSON.parse((said as { stdout: string }).stdout) as UpgradePlan
  }
  const due = ({ nodes }: UpgradePlan) => nodes.filter(({ state }) => state === 'due').map(({ name }) => name)
  const plan = await planAt(ours)
  assert.equal([plan.verdict, due(plan)], ['ready', ['a']], JSON.stringify(plan))
  assert.match(plan.waiting.map(({ what }) => what).join('\n'), 'baton keys use')
  // The command line of this release asks a node of the earlier one, as it would before its upgrade.
  releases.upgrade(old.name)
  const unknown = await site.cluster.baton(old, 'keys', 'list').catch((error: { stderr: string }) => error.stderr)
  assert.match(String(unknown), /the node knows no GET.*runs an earlier release than this command: `baton reload`/s)
  const before = await planAt(old)
  assert.equal([before.verdict, due(before).length], ['ready', 3], JSON.stringify(before))
  await site.cluster.replace(old)
  const isDone = async () =>
    ((await planAt(ours)).verdict === 'done' && (await planAt(old)).verdict === 'done') || undefined
  await until(isDone, 10_000, 'all run this release')
  await site.cluster.baton(ours, 'keys', 'rotate')
})

test.run()
