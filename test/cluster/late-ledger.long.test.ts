/** Takeovers that do not go as they should: the next director dies as well, or a node answers late. */
import { assert, suite } from '../harness/suite.js'
import { CLIENTS, killInSuccession, NAMES, said } from './second-death.js'
import { ADDRESS, framesOf, losses, SurvivalSite } from './survival.js'

const test = suite('cluster/late-ledger', 60_000)
const DATA_PORTS = '7441-7449'
const UNHEARD_MS = 500
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'tcpdump'], root: true }

test(
  'a director is killed, and the next one when it has rebuilt some: the third goes on with all that is not on their hosts',
  (scope) => killInSuccession(scope, 'ledger-told'),
  NEEDS,
)

test(
  'a node that cannot be heard while its director dies is asked later, and until then nobody is told that its connections are none',
  async (scope) => {
    const site = await SurvivalSite.of(NAMES, scope, ADDRESS, '--local', 'last')
    const { node } = await site.director()
    // The last in the order: not whoever takes over.
    const order = (await node.client.why('echo')).candidates.filter(({ name }) => name !== node.name)
    const late = site.lan.named(order.at(-1)?.name ?? '')
    const resets = await site.capture('tcp[tcpflags] & tcp-rst != 0 and src host', ADDRESS)
    const report = await site.fare(ADDRESS, CLIENTS, async () => {
      // It lives, as gossip and control links say; what data links carry comes when the filter is gone.
      const data = `tcp dport ${DATA_PORTS} drop; tcp sport ${DATA_PORTS} drop`
      await late.namespace.nft(`table inet lab { chain in { type filter hook input priority 0; ${data}; }; }`)
      await site.cluster.kill(node)
      await said(site, 'address-here', node.name)
      // Whoever talks does so to a director that does not know its connection.
      await new Promise((resolve) => setTimeout(resolve, UNHEARD_MS))
      await late.namespace.nft('delete table inet lab')
    })
    const missed = site.events('recovered').find(({ missing }) => missing !== '')
    assert.is(missed?.['missing'], late.name, 'the takeover was complete without it')
    const { ECONNRESET = 0, ...wrong } = losses(report)
    assert.equal(wrong, {}, 'nobody stalls, is ended or hears a wrong byte')
    assert.is(report.silent.alive, CLIENTS / 2)
    assert.ok(ECONNRESET <= CLIENTS / 10, `${ECONNRESET} were reset`)
    assert.ok(framesOf(resets).length <= 2 * ECONNRESET, framesOf(resets).join('\n'))
  },
  NEEDS,
)

test.run()
