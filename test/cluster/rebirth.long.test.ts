/** A director that is killed and comes back at once: its two lives are not to be taken for one. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS6, losses, SurvivalSite, sumOf } from './survival.js'

const test = suite('cluster/rebirth', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const CLIENTS = 60

test(
  'a director that is killed and started again at once, as supervisors do: the new life does not let the old one be heard (IPv6)',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS6, '--local', 'last')
    const { node } = await site.director()
    const report = await site.fare(ADDRESS6, CLIENTS, async () => {
      await site.cluster.kill(node)
      site.cluster.up(node)
    })
    const { ECONNRESET = 0, ...wrong } = losses(report)
    assert.equal(wrong, {})
    assert.ok(ECONNRESET <= CLIENTS / 10, `${ECONNRESET} were reset`)
    assert.is(report.silent.alive, CLIENTS / 2)
    // What kept the last life silent does not hold back this one.
    await site.cluster.settled()
    await site.cluster.baton((await site.director()).node, 'move', 'echo', '--to', node.name)
    assert.is((await site.director()).node.name, node.name)
    const back = await site.fare(ADDRESS6, 4, () => {})
    assert.is(
      sumOf(back, ({ alive }) => alive),
      4,
    )
  },
  NEEDS,
)

test.run()
