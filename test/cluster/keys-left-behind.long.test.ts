/** Nodes that were down while the keys were rotated: by an old key that is still there, and by a token. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { ControlClient } from '../../src/node/control/control-client.io.js'
import type { RotationView } from '../../src/node/keys/keys-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { startCluster } from './fixture.js'

const test = suite('cluster/keys-left-behind', 60_000)

/** What a start measures first takes its time on a busy host. */
const QUICK = ['--profile', 'test', '--cipher', 'secretstream', '--lanes', '1']
const keyFile = (node: LabNode) => readFileSync(path.join(node.state, 'cluster.key'), 'utf8')

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
  // More often than the ring has places: its key stays, and no other.
  let last = rotation
  for (let i = 0; i < 9; i++) {
    last = await one.client.keys.rotate(false)
    assert.equal([last.kept.map(({ id }) => id), last.keys.length], [[kept?.id], 2], `rotation ${i}`)
  }
  cluster.up(three)
  await cluster.settled()
  const holds = async () => {
    const key = (await one.client.keys.list(false)).keys[0]
    return key?.id === last.id && key.primaryOn.length === 3 ? true : undefined
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
