/** A node is banned while it runs: it is cut off, loses its vote, gets no new key, and stays out over its restart. */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { BanView } from '../../src/node/keys/keys-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { startCluster } from './fixture.js'

const test = suite('cluster/ban', 90_000)
/** What a start measures first takes its time on a busy host. */
const QUICK = ['--profile', 'test', '--cipher', 'secretstream', '--lanes', '1']
const keyFile = (node: LabNode) => readFileSync(path.join(node.state, 'cluster.key'), 'utf8')

test('a banned node is out at once and for good, does not learn the next key, and may be let in again', async (scope) => {
  const { cluster } = await startCluster(scope, 3, QUICK)
  const [one, two, three] = cluster.nodes
  if (one === undefined || two === undefined || three === undefined) throw new Error('three nodes')
  const own = await cluster.baton(one, 'ban', one.name).catch((error: { stderr: string }) => error)
  assert.match(own.stderr, 'does not ban itself')
  const before = keyFile(three)
  const { stdout } = await cluster.baton(one, 'ban', three.name, '--rotate', '--json')
  const view = JSON.parse(stdout) as BanView
  assert.equal([view.waiting, view.seat, view.rotation?.removed.length], [[], 'removed', 1], stdout)
  assert.is(keyFile(one), keyFile(two))
  assert.not(keyFile(one) === before)
  assert.is(keyFile(three), before, 'the new key has not come to it')
  for (const node of [one, two]) {
    const { members, electorate } = await node.client.status()
    const banned = members.find(({ name }) => name === three.name)
    assert.equal([banned?.state, banned?.link.state, electorate.voters.length], ['left', 'down', 2])
  }
  const isTold = async () => {
    const { warnings } = await three.client.status()
    return warnings.some((warning) => warning.includes('is banned')) || undefined
  }
  await until(isTold, 5_000, 'it is told why')

  // Its restart and theirs change nothing: it is known by its own key, whatever the cluster's.
  await cluster.stop(three)
  await cluster.replace(two)
  const token = path.join(cluster.folder, 'token')
  writeFileSync(token, (await cluster.baton(one, 'keys', 'token')).stdout)
  cluster.up(three, '--token-file', token)
  await until(async () => (/banned from the cluster/.test(cluster.log(three)) ? true : undefined), 10_000, 'refused')
  assert.is((await two.client.status()).members.find(({ name }) => name === three.name)?.state, 'left')
  assert.match((await cluster.baton(two, 'keys', 'list')).stdout, `Banned: ${three.name}`)

  await cluster.baton(two, 'unban', three.name)
  await cluster.stop(three)
  cluster.up(three, '--token-file', token)
  await cluster.settled()
})

test.run()
