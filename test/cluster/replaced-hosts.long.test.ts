/** On hosts of their own: the process of a director that owns an address is replaced, and that of a node that serves. */
import { readdirSync } from 'node:fs'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, SurvivalSite } from './survival.js'
import { assertWhole, storyOf } from './waits.js'

const test = suite('cluster/replaced, hosts', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60

test(
  'the director, and a node that serves, are replaced: every connection goes on, those to programs of the director too',
  async (scope) => {
    // Its links are made anew before it renews: a lease of 400 ms may be over by then, where four hosts share two cores.
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'equal'], ['--profile', 'lan'])
    const { node: director } = await site.director()
    const [serving] = site.cluster.nodes.filter(({ name }) => name !== director.name)
    if (serving === undefined) throw new Error('no other node')
    const report = await site.fare(ADDRESS, CLIENTS, async () => {
      await site.cluster.replace(director)
      await site.cluster.settled()
      await site.cluster.replace(serving)
    })
    assertWhole(report, CLIENTS, 'director and serving node replaced', storyOf(site))
    const { director: after } = await site.cluster.serving('echo')
    assert.is(after.name, director.name)
    const { node } = await director.client.status()
    assert.equal([node.boot, node.replaced?.times], [1, 1])
    assert.equal(site.events('lease-lost'), [], 'it directs in the same term')
    assert.is(site.events('took-over').length, 2)
  },
  NEEDS,
)

test(
  'replaced while it gives its service away: the new process takes new connections when the service is back',
  async (scope) => {
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, [], ['--profile', 'lan'])
    const { node } = await site.director()
    const replaced = site.cluster.replace(node)
    // The new process has come, and asks for what it will have in some tenths of a second.
    const isAsking = () => readdirSync(node.state).some((name) => /^replace\..*\.sock$/.test(name)) || undefined
    await until(isAsking, 20_000, 'another process is to take its place', 1)
    // What comes for the address is passed on for a while, and new connections wait meanwhile. That process knows nothing of it.
    const { to } = await node.client.move('echo', {})
    await replaced
    await site.cluster.settled()
    await site.cluster.named(to.name).client.move('echo', { to: node.name })
    await site.cluster.serving('echo')
    assert.is((await site.director()).node.name, node.name)
    assertWhole(await site.fare(ADDRESS, CLIENTS, () => {}), CLIENTS, 'back after a replacement', storyOf(site))
  },
  NEEDS,
)

test.run()
