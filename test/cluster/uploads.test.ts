/** Whether the uploads of each connection are safe is known: from the moment that it is wanted, over own restarts, and at the next director. */
import { until } from '../../src/lab/wait.io.js'
import { UNHELD } from '../../src/proxy/reasons.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, SurvivalSite } from './survival.js'

const test = suite('cluster/uploads', 60_000)
const CLIENTS = 20

test(
  'connections are held once that is wanted, also older ones, and go on so in another process and at another director',
  async (scope) => {
    // Leases of a second: this is not about those that a busy host loses.
    const { site } = await SurvivalSite.buildMortal(scope, ADDRESS, ['--local', 'last'], ['--profile', 'lan'])
    await site.hold(ADDRESS, CLIENTS)
    /** At the director: how many for each word. */
    const words = async () => {
      const { node } = await site.director()
      const { splices } = await node.client.splices({ limit: 1_000 })
      const counts: Record<string, number> = {}
      for (const { unheld = 'not wanted' } of splices) counts[unheld] = (counts[unheld] ?? 0) + 1
      return counts
    }
    /** But those whose program has become its director's neighbour. */
    const allHeld = (what: string, beside = 0) => {
      let last: Record<string, number> = {}
      const look = async () => {
        last = await words().catch(() => ({}))
        const { '': held = 0, [UNHELD.beside]: mortal = 0 } = last
        return held + mortal === CLIENTS && mortal <= beside ? true : undefined
      }
      return until(look, 10_000, () => `${what}: ${JSON.stringify(last)}`)
    }
    assert.equal(await words(), { 'not wanted': CLIENTS })
    const { node } = await site.director()
    await site.cluster.baton(node, 'service', 'set', 'echo', '--uploads', 'survive')
    await allHeld('those that stood before')
    const metrics = await node.client.metrics()
    assert.match(metrics, `baton_uploads_held{service="echo"} ${CLIENTS}`)
    const { stdout } = await site.cluster.baton(node, 'service', 'show', 'echo')
    assert.match(stdout, new RegExp(`uploads +survive, ${CLIENTS} connections held`))
    await site.cluster.replace(node)
    await allHeld('in the next process')
    assert.is((await site.director()).node, node)
    await site.cluster.kill(node)
    // Its programs are on two hosts, and one of these directs now.
    await allHeld('at the next director', CLIENTS - 1)
    const next = await site.director()
    assert.not.equal(next.node.name, node.name)
  },
  { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true },
)

test.run()
