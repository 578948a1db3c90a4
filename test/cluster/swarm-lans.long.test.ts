/** Nodes of several LANs in one cluster, found by swarm: see docs/discovery.md. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ROUTER, Sites } from './swarm-site.js'

const test = suite('cluster/swarm-lans', 80_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const ADDRESS = '10.81.0.100'
/** hyperswarm itself notices after 13 s. */
const NOTICED_MS_MAX = 5_000

test(
  'two LANs and a host behind a NAT are one cluster, what one directs the others serve, and a death is noticed at once',
  async (scope) => {
    const sites = await Sites.build(scope, [
      { net: 81, hosts: ['a', 'client'] },
      { net: 82, hosts: ['b'] },
      { net: 83, hosts: ['c'], isHidden: true },
    ])
    await sites.bootstrap()
    const cluster = await sites.cluster(['a', 'b', 'c'], '--discovery', 'swarm', '--bootstrap', ROUTER)
    await cluster.settled()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => cluster.named(name))
    if (a === undefined || b === undefined || c === undefined) return
    for (const node of [a, b, c]) {
      const { discovery = [], members } = await node.client.status()
      const [swarm] = discovery
      assert.equal([discovery.length, swarm?.way, swarm?.state, swarm?.found], [1, 'swarm', 'on', 2], node.name)
      assert.equal(
        members.map(({ link }) => link.by),
        [undefined, undefined, undefined],
        'TCP reaches one end of each pair',
      )
    }

    sites.hello(8080, 'c')
    await cluster.baton(
      a,
      'service',
      'add',
      'web',
      '--address',
      ADDRESS,
      '--ports',
      '8080',
      '--scheduler',
      'round-robin',
    )
    for (const other of ['b', 'c']) await cluster.baton(a, 'service', 'node', 'web', other, '--direct', 'no')
    // Another may have had it by then, and gives it away.
    const isHere = async () => ((await cluster.serving('web')).director.name === 'a' ? true : undefined)
    await until(isHere, 15_000, 'a directs')
    assert.match(await sites.served('client', `http://${ADDRESS}:8080/`), 'hello from c')
    sites.hello(8080, 'b')
    const isBoth = async () => {
      const said = [
        await sites.served('client', `http://${ADDRESS}:8080/`),
        await sites.served('b', `http://${ADDRESS}:8080/`),
      ]
      return said.some((one) => one.includes('from b')) && said.some((one) => one.includes('from c')) ? true : undefined
    }
    await until(isBoth, 10_000, 'both serve, and clients of another LAN are served')

    const died = performance.now()
    await sites.named('c').powerOff()
    const isDown = async () => {
      const views = await Promise.all([a, b].map((node) => node.client.status()))
      const states = views.map(({ members }) => members.find(({ name }) => name === 'c')?.state)
      return states.every((state) => state === 'down') ? true : undefined
    }
    await until(isDown, NOTICED_MS_MAX, 'the others hold it down', 20)
    assert.ok(performance.now() - died < NOTICED_MS_MAX)
    assert.match(await sites.served('client', `http://${ADDRESS}:8080/`), 'hello from b')
  },
  NEEDS,
)

test.run()
