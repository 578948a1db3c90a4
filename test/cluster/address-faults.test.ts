import { assert, suite } from '../harness/suite.js'
import { ADDRESS, FaultSite } from './address-faults.js'

const test = suite('cluster/address-faults', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
/** Far more than it takes; how long it takes is measured by the long test. */
const OUTAGE_MS_MAX = 10_000

test(
  'a director is killed or frozen: its addresses are soon on another host, and never on two at once',
  async (scope) => {
    const site = await FaultSite.build(scope, 'fast')
    for (const fault of ['kill', 'pause'] as const) {
      const { outageMs, twins } = await site.suffer(fault)
      assert.ok(outageMs < OUTAGE_MS_MAX, `${fault}: ${outageMs} ms`)
      assert.equal(twins, [], fault)
    }
  },
  NEEDS,
)

test.long(
  'the judge sees two hosts that have the same address',
  async (scope) => {
    const site = await FaultSite.build(scope, 'fast')
    const { director } = await site.cluster.serving('web')
    const other = site.lan.hosts.find(({ name }) => name !== director.name && name !== 'client')
    await other?.namespace.ip(`addr add ${ADDRESS}/32 dev eth0`)
    const { twins } = await site.suffer('none')
    assert.is(twins.length, 1)
  },
  NEEDS,
)

test.run()
