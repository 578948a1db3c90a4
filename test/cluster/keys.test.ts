/** The keyring over real nodes: rotated while they run, over a node that is down, and over processes that are replaced. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { ControlClient } from '../../src/node/control-client.io.js'
import type { KeysView, RotationView } from '../../src/node/keys-protocol.js'
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

test('a node that was down during a rotation comes back by the old key, which stays until then', async (scope) => {
  const { cluster } = await startCluster(scope, 3, QUICK)
  const [one, , three] = cluster.nodes
  if (one === undefined || three === undefined) throw new Error('three nodes')
  await cluster.stop(three)
  const isDown = async () => {
    const { members } = await one.client.status()
    return members.some(({ name, state }) => name === three.name && state !== 'alive') ? true : undefined
  }
  await until(isDown, 5_000, 'it is down')
  const rotated = (await cluster.baton(one, 'keys', 'rotate', '--json').catch((error) => error)) as { stdout: string }
  const rotation = JSON.parse(rotated.stdout) as RotationView
  assert.equal([rotation.removed, rotation.kept.length], [[], 1])
  const [kept] = rotation.kept
  assert.match(kept?.why ?? '', three.name)
  cluster.up(three)
  await cluster.settled()
  const holds = async () => {
    const key = (await one.client.keys.list(false)).keys[0]
    return key?.id === rotation.id && key.primaryOn.length === 3 ? true : undefined
  }
  await until(holds, 5_000, 'it has the ring')
  await one.client.keys.remove(kept?.id ?? '', false)
  await until(() => (keyFile(three) === keyFile(one) ? true : undefined), 2_000, 'and has dropped the old key')
})

test('who was left behind says so and comes back by a token, which also makes a new node', async (scope) => {
  const { cluster, addresses } = await startCluster(scope, 2, QUICK)
  const [one, two] = cluster.nodes
  if (one === undefined || two === undefined) throw new Error('two nodes')
  await cluster.stop(two)
  const rotation = await one.client.keys.rotate(true)
  assert.is(rotation.removed.length, 1)
  cluster.up(two)
  const isTold = async () => {
    const status = await two.client.status().catch(() => undefined)
    return status?.warnings.find((warning) => warning.includes('baton up --token'))
  }
  await until(isTold, 10_000, 'it knows why it is alone')
  await cluster.stop(two)
  const { stdout } = await cluster.baton(one, 'keys', 'token')
  const file = path.join(cluster.folder, 'token')
  writeFileSync(file, stdout)
  cluster.up(two, '--token-file', file)
  await cluster.settled()
  await until(() => (keyFile(two) === keyFile(one) ? true : undefined), 2_000, 'it has dropped its old key')

  // A host without a folder, and one of another cluster.
  const address = (addresses[0] ?? '').replace(/\d+$/, '13')
  const state = path.join(cluster.folder, 'node3')
  const three: LabNode = {
    name: 'node3',
    address,
    state,
    client: new ControlClient(path.join(state, 'control.sock')),
    child: undefined,
  }
  cluster.nodes.push(three)
  cluster.up(three, '--token-file', file, '--name', 'node3')
  await cluster.answers(three)
  await cluster.settled()
  const other = { ...three, state: path.join(cluster.folder, 'other') }
  await cluster.baton(other, 'init')
  const refused = await cluster.baton(other, 'up', '--token-file', file).catch((error: { stderr: string }) => error)
  assert.match(refused.stderr, 'another cluster')
})

test.run()
