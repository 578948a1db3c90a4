import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../src/lab/child.io.js'
import type { LabNode } from '../../src/lab/cluster.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { type Fixture, startCluster } from './fixture.js'

const test = suite('cluster/config', 60_000)
const BATON = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))

/** Starts a node from a file, as `baton up --config` with nothing else but what is said. */
async function upFrom({ cluster }: Fixture, node: LabNode, text: string, ...flags: string[]): Promise<string> {
  const file = path.join(cluster.folder, `${node.name}.yaml`)
  writeFileSync(file, text)
  const log = path.join(cluster.folder, `${node.name}.log`)
  node.child = new Child(node.name, [process.execPath, BATON, 'up', '--config', file, ...flags], log)
  await cluster.answers(node)
  return file
}

async function told(fixture: Fixture, node: LabNode, event: string): Promise<void> {
  const has = async () => (fixture.cluster.log(node).includes(`"event":"${event}"`) ? true : undefined)
  await until(has, 15_000, `${node.name} logs ${event}`)
}

test('one node from a file: flags win over it, its services are there, an import changes them and an export says so', async (scope) => {
  const fixture = await startCluster(scope, 1, ['--profile', 'test'])
  const { cluster, serviceAddress, addresses } = fixture
  const node = cluster.named('node1')
  await cluster.stop(node)
  const services = `services:\n  web:\n    address: ${serviceAddress}\n    ports: 8080\n    idle-timeout: 5m\n`
  const settings = `state: ${node.state}\nbind: ${addresses[0]}\nprofile: test\nlog-format: json\ndata-port: 7460\ngossip-port: 7450\n`
  await upFrom(fixture, node, settings + services, '--data-port', '7461')
  await told(fixture, node, 'config-applied')
  const { node: self } = await node.client.status()
  assert.equal([self.data, self.gossip], [`${addresses[0]}:7461`, `${addresses[0]}:7450`])
  assert.is((await node.client.service('web')).definition.idleMs, 300_000)

  const file = path.join(cluster.folder, 'services.yaml')
  await cluster.baton(node, 'service', 'export', '--file', file)
  const same = await cluster.baton(node, 'service', 'import', file)
  assert.match(same.stdout, /^unchanged {2}web\n/)
  const wrong = `${services}  db:\n    address: ${serviceAddress}\n    ports: 8081\n  mail:\n    address: 203.0.113.1\n    ports: 8080,x\n`
  writeFileSync(file, wrong)
  const failure = await cluster.baton(node, 'service', 'import', file).catch((error: { stderr: string }) => error)
  assert.match(failure.stderr, 'services.yaml:11:12: mail: ports')
  assert.equal(
    (await node.client.services()).map(({ definition }) => definition.name),
    ['web'],
    'nothing was written',
  )
  const right = wrong.replace(',x', '')
  writeFileSync(file, right)
  const owned = await cluster.baton(node, 'service', 'import', file, '--dry-run')
  assert.match(owned.stdout, /to add +mail/, 'its director will bring the address')
  writeFileSync(file, `${right}    own: none\n`)
  const foreign = await cluster.baton(node, 'service', 'import', file).catch((error: { stderr: string }) => error)
  assert.match(foreign.stderr, 'mail: address 203.0.113.1 is not on this host')
  writeFileSync(file, wrong.slice(0, wrong.indexOf('  mail')).replace('5m', '0'))
  const dry = await cluster.baton(node, 'service', 'import', file, '--dry-run')
  const done = await cluster.baton(node, 'service', 'import', file)
  assert.match(dry.stdout, /to change {2}web {2}idle-timeout {2}5m → 0\nto add/)
  assert.match(done.stdout, /changed {2}web {2}idle-timeout {2}5m → 0\nadded/)
  assert.match((await cluster.baton(node, 'service', 'export')).stdout, 'ports: 8081')
  await cluster.stop(node)
  assert.is((await node.child?.ended)?.code, 0)
})

test.long(
  'a node that joins applies its file after it has heard the services: what an operator set stays',
  async (scope) => {
    const fixture = await startCluster(scope, 2, ['--profile', 'test'])
    const { cluster, serviceAddress, addresses } = fixture
    const [first, second] = [cluster.named('node1'), cluster.named('node2')]
    const at = ['--address', serviceAddress]
    await cluster.stop(second)
    await cluster.baton(first, 'service', 'add', 'web', ...at, '--ports', '8080', '--idle-timeout', '5m', '--force')
    await cluster.baton(first, 'service', 'add', 'db', ...at, '--ports', '5432', '--force')
    await cluster.baton(first, 'service', 'add', 'old', ...at, '--ports', '1234', '--force')
    const settings = `state: ${second.state}\nbind: ${addresses[1]}\nseed: ${addresses[0]}\nprofile: test\nlog-format: json\n`
    const web = `  web: { address: ${serviceAddress}, ports: 8081 }\n  db: { address: ${serviceAddress}, ports: 5432 }\n`
    await upFrom(fixture, second, `${settings}services:\n${web}`)
    await told(fixture, second, 'config-applied')
    const view = await until(
      async () => {
        const found = await first.client.service('web')
        return found.definition.ports === '8081' ? found : undefined
      },
      5_000,
      'the other node has the new ports',
    )
    assert.is(view.definition.idleMs, 300_000, 'written by nobody')
    const written = cluster.log(second).match(/"config-service".*/g) ?? []
    assert.is(written.length, 1, written.join('\n'))
    const names = async () => (await first.client.services()).map(({ definition }) => definition.name)
    assert.equal(await names(), ['db', 'old', 'web'])

    await cluster.stop(second)
    await upFrom(fixture, second, `${settings}prune: true\nservices:\n${web}`)
    const gone = async () => ((await names()).join() === 'db,web' ? true : undefined)
    await until(gone, 15_000, 'with prune the third service is removed')
  },
)

test.run()
