/** The keyring over real nodes: rotated while they run and over processes that are replaced. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { KeysView } from '../../src/node/keys/keys-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { startCluster } from './fixture.js'

const test = suite('cluster/keys', 60_000)

/** What a start measures first takes its time on a busy host. */
const QUICK = ['--profile', 'test', '--cipher', 'secretstream', '--lanes', '1']
const keyFile = (node: LabNode) => readFileSync(path.join(node.state, 'cluster.key'), 'utf8')
const idsOf = ({ keys }: KeysView) => keys.map(({ id }) => id)

test('keys are rotated under running nodes, on all of them, and last over restart and reload', async (scope) => {
  const { cluster } = await startCluster(scope, 3, QUICK)
  const [one, two, three] = cluster.nodes
  if (one === undefined || two === undefined || three === undefined) throw new Error('three nodes')
  const before = keyFile(one)
  const [old = ''] = idsOf(await one.client.keys.list(false))
  const links = () =>
    cluster.nodes.map((node) => cluster.log(node).match(/"event":"(link-down|member)".*/g)?.length ?? 0)
  const calm = links()

  // Step by step, each on another node.
  const { id } = await one.client.keys.add({ force: false })
  await two.client.keys.use(id.slice(0, 8), false)
  const view = await three.client.keys.remove(old, false)
  assert.equal([idsOf(view), view.waiting], [[id], []])
  for (const node of cluster.nodes) {
    await until(() => (keyFile(node) === keyFile(one) ? true : undefined), 2_000, 'all files are the same')
    for (const file of ['cluster.key', 'keyring.json'])
      assert.is(statSync(path.join(node.state, file)).mode & 0o777, 0o600)
  }
  assert.not(keyFile(one).includes(before.trim()))

  // And by one command, twice at once: one of them wins, and one key is left.
  const tries = await Promise.allSettled([one.client.keys.rotate(false), two.client.keys.rotate(false)])
  assert.ok(
    tries.some(({ status }) => status === 'fulfilled'),
    JSON.stringify(tries),
  )
  const left = idsOf(await one.client.keys.list(false))
  for (const other of left.slice(1)) await one.client.keys.remove(other, false)
  const final = await three.client.keys.list(false)
  assert.is(final.keys.length, 1, JSON.stringify([tries, final]))
  assert.is(final.keys[0]?.primaryOn.length, 3)
  assert.equal(links(), calm, 'nobody has doubted anybody, and no link has ended')

  await cluster.stop(two)
  cluster.up(two)
  await cluster.replace(three)
  await cluster.settled()
  const words = (await cluster.baton(three, 'keys', 'list')).stdout
  assert.match(words, `${final.keys[0]?.id}`)
  assert.not.match(words, 'baton-key')
  assert.match((await cluster.baton(three, 'keys', 'list', '--reveal')).stdout, keyFile(one).trim())
})

test.run()
