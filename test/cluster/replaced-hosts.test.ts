/** On hosts of their own: the process of a director that owns an address is replaced, and that of a node that serves. */
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

test.run()
