import { assert, suite } from '../harness/suite.js'
import { FAULTS, FaultSite } from './address-faults.js'

const test = suite('cluster/address-faults', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'] }
/** Far more than it takes; how long it takes is measured by the long test. */
const OUTAGE_MS_MAX = 10_000

test(
  'however a director fails, its addresses are soon on another host, and never on two at once',
  async (scope) => {
    const site = await FaultSite.build(scope, 'fast')
    for (const fault of FAULTS) {
      const { outageMs, handoverMs } = await site.suffer(fault)
      assert.ok(outageMs < OUTAGE_MS_MAX, `${fault}: ${outageMs} ms`)
      for (const [address, ms] of Object.entries(handoverMs)) assert.ok(ms > 0, `${fault}: two answer for ${address}`)
    }
  },
  NEEDS,
)

test.run()
