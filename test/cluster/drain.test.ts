/** A node that is drained gives away what it directs, with all its connections, and takes nothing, also after its next start. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, losses, SurvivalSite } from './survival.js'

const test = suite('cluster/drain', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 20

test(
  'drained from another node, it directs nothing until that is undone',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'equal')
    const { node } = await site.director()
    const [one, other] = site.cluster.nodes.filter(({ name }) => name !== node.name)
    if (one === undefined || other === undefined) throw new Error('three nodes')
    const fates = await site.fare(ADDRESS, CLIENTS, async () => {
      const { stdout } = await site.cluster.baton(one, 'drain', '--director', node.name)
      assert.match(stdout, /directs nothing, and takes nothing/)
    })
    assert.equal(losses(fates), {})
    assert.is.not((await site.director()).node.name, node.name)
    const { sentences } = await other.client.why('echo')
    assert.match(sentences.join(' '), `${node.name} was drained by an operator`)
    const refused = await site.cluster
      .baton(one, 'move', 'echo', '--to', node.name)
      .catch(({ stderr }) => String(stderr))
    assert.match(String(refused), /was drained, and takes no service|only the director moves it/)

    await site.cluster.stop(node)
    site.cluster.up(node)
    await site.cluster.answers(node)
    await site.cluster.settled()
    await site.cluster.baton(one, 'drain', '--director', one.name)
    assert.is((await site.director()).node.name, other.name, 'two of three are drained')
    const last = await site.cluster.baton(one, 'drain', '--director', other.name).catch(({ stderr }) => String(stderr))
    assert.match(String(last), /nobody would be left to direct without/)
    const drained = (await other.client.status()).members.filter((member) => member.drained).map(({ name }) => name)
    assert.equal(drained.sort(), [node.name, one.name].sort())

    await site.cluster.baton(other, 'drain', '--director', node.name, '--undo')
    await until(
      async () =>
        (await node.client.status()).members.every(({ name, drained }) => name !== node.name || !drained) || undefined,
      5_000,
      'it is put back',
    )
    await site.cluster.kill(other)
    assert.is((await site.cluster.serving('echo')).director.name, node.name)
  },
  NEEDS,
)

test.run()
