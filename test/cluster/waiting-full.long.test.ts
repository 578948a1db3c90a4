/** A service is moved while clients wait that no program serves: they have spoken, and go along. */
import { assert, suite } from '../harness/suite.js'
import { ADDRESS } from './survival.js'
import { countedAt, moved, siteOf, Waiters } from './waiting.js'

const test = suite('cluster/waiting-full', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
/** Of three nodes. */
const PLACES = 27
const WAITING = 20
/** Of whom nothing more comes: they have ended their side. */
const ENDED = 5
const BYTES = 20_000

test(
  'in the queue of a full service: each is served by the next director when a place is free',
  async (scope) => {
    const limits = ['--node-connections', String(PLACES / 3), '--queue-timeout', '30s']
    const site = await siteOf(scope, ADDRESS, ...limits)
    const holders = await site.hold(ADDRESS, PLACES)
    const waiters = await Waiters.of(site, WAITING, BYTES)
    const ended = await Waiters.of(site, ENDED, BYTES, ADDRESS, '', 'end')
    await countedAt(site, 'waiting', WAITING + ENDED)
    await moved(site)
    await countedAt(site, 'waiting', WAITING + ENDED)
    await countedAt(site, 'readmitted', WAITING + ENDED)
    assert.equal([...waiters.fates, ...ended.fates], [])
    const { stdout } = await site.cluster.baton((await site.director()).node, 'status')
    assert.match(stdout, `Waiting  echo: ${WAITING + ENDED} for a node with room`)
    holders.kill('SIGUSR2')
    await waiters.allServed()
    await ended.allServed()
    assert.equal(site.events('unserved-lost'), [])
  },
  NEEDS,
)

test.run()
