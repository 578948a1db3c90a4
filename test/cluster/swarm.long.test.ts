/** Discovery by swarm where little works: NATs at both ends, no bootstrap node, no internet, another key. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ROUTER, Sites } from './swarm-site.js'

const test = suite('cluster/swarm-long', 120_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const LANS = [
  { net: 81, hosts: ['a', 'a2'] },
  { net: 82, hosts: ['b'] },
]
const NOTICED_MS_MAX = 5_000

test(
  'two hosts behind NATs of their own: the swarm carries their link, says what it cannot, and notices a death',
  async (scope) => {
    const sites = await Sites.build(scope, [
      { net: 81, hosts: ['a'] },
      { net: 83, hosts: ['c'], isHidden: true },
      { net: 84, hosts: ['d'], isHidden: true },
    ])
    const bootstrap = await sites.bootstrap()
    const cluster = await sites.cluster(['a', 'c', 'd'], '--discovery', 'lan,swarm', '--bootstrap', ROUTER)
    await cluster.settled()
    const [a, c, d] = [cluster.named('a'), cluster.named('c'), cluster.named('d')]
    const linkOf = async (node: typeof a, peer: string) =>
      (await node.client.status()).members.find(({ name }) => name === peer)?.link
    for (const [node, peer] of [
      [c, 'd'],
      [d, 'c'],
    ] as const) {
      await until(async () => ((await linkOf(node, peer))?.by === 'swarm' ? true : undefined), 10_000, 'it is carried')
    }
    assert.is((await linkOf(a, 'c'))?.by, undefined)
    await until(async () => (await linkOf(c, 'd'))?.noData, 15_000, 'it is told that no connection can be carried')
    const { stdout } = await cluster.baton(c, 'status')
    assert.match(stdout, 'up by swarm')
    assert.match(stdout, 'no data link: neither of the two reaches the data ports of the other')
    assert.match((await cluster.baton(c, 'metrics')).stdout, 'baton_control_links{by="swarm"} 1')

    // Another process in its place has the same key pair, and is met again.
    await cluster.replace(c)
    await cluster.answers(c)
    await until(async () => ((await linkOf(c, 'd'))?.by === 'swarm' ? true : undefined), 20_000, 'it is carried again')
    await cluster.settled()

    // What c directs d cannot serve; a can.
    sites.hello(8080, 'd')
    await cluster.baton(c, 'service', 'add', 'web', '--address', '10.83.0.100', '--ports', '8080')
    for (const other of ['a', 'd']) await cluster.baton(c, 'service', 'node', 'web', other, '--direct', 'no')
    await cluster.serving('web')
    const words = 'Directed from this node, d would get no connections: neither of the two reaches the data ports'
    await until(
      async () =>
        (await cluster.baton(c, 'why', 'web')).stdout.replace(/\s+/g, ' ').includes(words) ? true : undefined,
      5_000,
      'why says so',
    )

    // A bootstrap node that is gone takes nothing with it that stands.
    await bootstrap.stop()
    const gone = performance.now()
    // For longer than hyperswarm takes to notice a death.
    const isSteady = async () => {
      const views = await Promise.all([a, c, d].map((node) => node.client.status()))
      for (const { node, members } of views) {
        const states = members.map(({ state }) => state)
        assert.equal(states, ['alive', 'alive', 'alive'], node.name)
      }
      assert.is((await linkOf(c, 'd'))?.by, 'swarm')
      return performance.now() - gone > 16_000 ? true : undefined
    }
    await until(isSteady, 30_000, 'nothing changes')

    const died = performance.now()
    await sites.named('d').powerOff()
    const isDown = async (node: typeof a) =>
      (await node.client.status()).members.find(({ name }) => name === 'd')?.state === 'down' ? true : undefined
    await Promise.all([a, c].map((node) => until(() => isDown(node), NOTICED_MS_MAX, 'it is held down', 20)))
    assert.ok(performance.now() - died < NOTICED_MS_MAX)
    const stopped = performance.now()
    await cluster.stop(c)
    assert.ok(performance.now() - stopped < 5_000, 'it leaves the swarm within its time, with no bootstrap node there')
    assert.match(cluster.log(c), '"event":"stopped"')
  },
  NEEDS,
)

test(
  'no bootstrap node answers: nodes of one LAN go on and say so, and find the others when there is one',
  async (scope) => {
    const sites = await Sites.build(scope, LANS)
    const cluster = await sites.cluster(['a', 'a2', 'b'], '--discovery', 'lan,swarm', '--bootstrap', ROUTER)
    const [a, b] = [cluster.named('a'), cluster.named('b')]
    const alive = async (node: typeof a) =>
      (await node.client.status()).members.filter(({ state }) => state === 'alive')
    await until(async () => ((await alive(a)).length === 2 ? true : undefined), 10_000, 'the LAN is one cluster')
    const warned = async () => {
      const { warnings, discovery = [] } = await b.client.status()
      const text = warnings.find((one) => one.includes('no bootstrap node answers (10.79.0.1:49737)'))
      return text === undefined ? undefined : discovery.find(({ way }) => way === 'swarm')?.state
    }
    assert.is(await until(warned, 15_000, 'it is told'), 'problem')
    assert.match(cluster.log(b), '"event":"swarm-no-bootstrap"')
    await sites.bootstrap()
    await cluster.settled(90_000)
    assert.equal((await b.client.status()).warnings, [])
  },
  NEEDS,
)

test(
  'no internet, and no bootstrap node of its own: it is told, and nothing hangs',
  async (scope) => {
    const sites = await Sites.build(scope, LANS)
    const cluster = await sites.cluster(['a', 'a2'], '--discovery', 'lan,swarm')
    await cluster.settled()
    const [a] = cluster.nodes
    if (a === undefined) return
    const warned = async () =>
      (await a.client.status()).warnings.find((one) => one.includes('no bootstrap node of the public network answers'))
    assert.match(await until(warned, 15_000, 'it is told'), 'run `baton bootstrap`')
    const stopped = performance.now()
    await cluster.stop(a)
    assert.ok(performance.now() - stopped < 5_000)
    assert.match(cluster.log(a), '"event":"stopped"')
  },
  NEEDS,
)

test(
  'clusters of different keys at one bootstrap node meet nobody of the other',
  async (scope) => {
    const sites = await Sites.build(scope, LANS)
    await sites.bootstrap()
    const way = ['--discovery', 'swarm', '--bootstrap', ROUTER]
    const [one, other] = await Promise.all([sites.cluster(['a', 'b'], ...way), sites.cluster(['a2'], ...way)])
    await one.settled()
    const [stranger] = other.nodes
    if (stranger === undefined) return
    const { members, discovery = [] } = await stranger.client.status()
    assert.is(members.length, 1)
    assert.equal(
      discovery.map(({ state, found, swarm }) => [state, found, swarm?.connections]),
      [['on', 0, 0]],
    )
    for (const node of one.nodes) assert.is((await node.client.status()).members.length, 2)
  },
  NEEDS,
)

test.run()
