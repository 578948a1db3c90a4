import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { addService, type Fixture, startCluster, startHello } from './fixture.js'

const test = suite('cluster/departure', 60_000)

/** A command that must fail: its error as a program reads it. */
async function failure(
  { cluster }: Fixture,
  name: string,
  ...words: string[]
): Promise<{ code: string; hint: string }> {
  try {
    await cluster.baton(cluster.named(name), ...words, '--json')
  } catch (error) {
    return JSON.parse((error as { stdout: string }).stdout) as { code: string; hint: string }
  }
  throw new Error(`baton ${words.join(' ')} did not fail`)
}

async function voters({ cluster }: Fixture, asked: string, names: readonly string[]): Promise<void> {
  const told = async () => (await cluster.named(asked).client.status()).electorate.voters.map(({ name }) => name).sort()
  const same = async () => (JSON.stringify(await told()) === JSON.stringify(names) ? true : undefined)
  await until(same, 15_000, `${names.join(', ')} vote`)
}

test('two nodes and a witness: it votes and carries nothing; the director dies and the other takes over', async (scope) => {
  const fixture = await startCluster(scope, 3, ['--profile', 'test'], ['node3'])
  const { cluster } = fixture
  startHello(scope, fixture, 8080, false, ['node1', 'node2'])
  await addService(fixture, 'web', '8080', 2)
  const before = await cluster.serving('web')
  const seen = (await cluster.named('node1').client.status()).members.find(({ name }) => name === 'node3')
  assert.equal([seen?.role, seen?.voter, seen?.listeners], ['witness', true, []])
  assert.ok((await cluster.named('node3').client.why('web')).candidates.every(({ name }) => name !== 'node3'))
  await cluster.kill(cluster.named(before.director.name))
  const after = await cluster.serving('web', 3_000)
  assert.is.not(after.director.name, before.director.name)
  assert.is.not(after.director.name, 'node3')
})

test('the director leaves: it hands over, gives up its vote and stops; a later start joins anew', async (scope) => {
  const fixture = await startCluster(scope, 3, ['--profile', 'test'])
  const { cluster } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  const { director, term } = await cluster.serving('web')
  const leaver = cluster.named(director.name)
  const stayers = ['node1', 'node2', 'node3'].filter((name) => name !== leaver.name)
  const { stdout } = await cluster.baton(leaver, 'leave')
  assert.match(stdout, `${leaver.name} has left`)
  assert.is((await leaver.child?.ended)?.code, 0)
  const after = await cluster.serving('web')
  assert.is(after.term?.number, (term?.number ?? 0) + 1, 'handed over, without an election')
  await voters(fixture, stayers[0] ?? '', stayers)
  cluster.up(leaver)
  await cluster.answers(leaver)
  await voters(fixture, leaver.name, ['node1', 'node2', 'node3'])
})

test('forget: refused for the living, agreed for the dead, by force for the last; who comes back is added anew', async (scope) => {
  const fixture = await startCluster(scope, 3, ['--profile', 'test'])
  const { cluster } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  assert.is((await failure(fixture, 'node1', 'forget', 'node3')).code, 'ERR_NODE_ALIVE')
  assert.is((await failure(fixture, 'node1', 'forget', 'node9')).code, 'ERR_NODE_UNKNOWN')
  await cluster.kill(cluster.named('node3'))
  await cluster.baton(cluster.named('node1'), 'forget', 'node3')
  await voters(fixture, 'node2', ['node1', 'node2'])
  await cluster.kill(cluster.named('node2'))
  await until(
    async () => ((await cluster.named('node1').client.service('web')).director === null ? true : undefined),
    5_000,
    'nobody directs on one of two voters',
  )
  const { code, hint } = await failure(fixture, 'node1', 'forget', 'node2')
  assert.is(code, 'ERR_FORGET_NO_QUORUM')
  assert.match(hint, '--force')
  const write = ['service', 'set', 'web', '--keepalive', '40s']
  assert.is((await failure(fixture, 'node1', ...write)).code, 'ERR_WRITE_NO_QUORUM')
  await cluster.baton(cluster.named('node1'), ...write, '--force')
  await cluster.baton(cluster.named('node1'), 'forget', 'node2', '--force')
  const alone = await cluster.serving('web', 5_000)
  assert.is(alone.director.name, 'node1')
  cluster.up(cluster.named('node2'))
  cluster.up(cluster.named('node3'))
  await voters(fixture, 'node1', ['node1', 'node2', 'node3'])
})

test('two nodes, one named to direct alone: it does while the other is gone, and says so', async (scope) => {
  const fixture = await startCluster(scope, 2, ['--profile', 'test'])
  const { cluster } = fixture
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 2, '--alone', 'node1')
  await cluster.kill(cluster.named('node2'))
  const view = await until(
    async () => {
      const now = await cluster.named('node1').client.service('web')
      return now.alone && now.serving === 'yes' ? now : undefined
    },
    10_000,
    'node1 directs alone',
  )
  assert.match((await cluster.named('node1').client.why('web')).sentences[0] ?? '', 'without a majority')
  cluster.up(cluster.named('node2'))
  await until(
    async () => ((await cluster.named('node1').client.service('web')).alone ? undefined : true),
    10_000,
    'the term has its majority',
  )
  const after = await cluster.serving('web')
  assert.equal([after.director.name, after.term?.number], ['node1', view.term?.number], 'and it is the same term')
})

test.run()
