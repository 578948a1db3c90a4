/** An address that leaves a host and comes back to it: what CTDB warns of, sockets of both times that answer each other for ever. */
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { ADDRESS, framesOf, printedBy, SurvivalSite } from './survival.js'

const test = suite('cluster/returns', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump', 'ss'], root: true }
const CLIENTS = 40
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test(
  'an address that leaves a host and comes back to it: idle connections cause no storm of packets, and live',
  async (scope) => {
    const site = await SurvivalSite.build(scope, ADDRESS, '--local', 'last')
    const holders = await site.hold(ADDRESS, CLIENTS)
    const first = (await site.director()).node
    const moved = async () => {
      const { node } = await site.director()
      await site.cluster.baton(node, 'move', 'echo')
      await until(
        async () => ((await site.director()).node.name === node.name ? undefined : true),
        5_000,
        'somebody else directs',
      )
    }
    do await moved()
    while ((await site.director()).node.name !== first.name)
    const back = async () => ((await site.director()).node.name === first.name ? true : undefined)
    await until(back, 10_000, 'the first directs again')
    await pause(1_000)
    const packets = await site.capture('tcp and host', ADDRESS)
    await pause(3_000)
    // A question that was not answered may be repeated; a storm is thousands a second.
    const { length } = framesOf(packets)
    assert.ok(length <= 4 * CLIENTS, `${length} packets in 3 s`)
    assert.equal(printedBy(holders), ['all stand'])
  },
  NEEDS,
)

test.run()
