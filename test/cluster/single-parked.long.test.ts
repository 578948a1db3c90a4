/** A daemon that runs once, with idle clients that are parked while it starts elsewhere. */

import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { askersOf, CALM_MS, parkedAt } from './askers.js'
import { DaemonSite } from './daemon-site.js'

const test = suite('cluster/single-parked', 110_000)
const NEEDS = { needs: ['setsid'] }
const CHECKS = ['--check-interval', '200ms', '--check-fall', '2', '--check-timeout', '2s', '--failure-threshold', '0']
const CLIENTS = 30
const calm = () => new Promise((resolve) => setTimeout(resolve, CALM_MS))

test(
  'relocated, killed, its node killed, the director replaced meanwhile: no idle client notices',
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS, '--park', '30s')
    const { cluster } = site.fixture
    const askers = await askersOf(scope, site, CLIENTS)
    let at = await site.active()
    for (let i = 0; i < 3; i++) {
      await cluster.baton(site.node(at), 'relocate', 'daemon')
      at = await site.active(at)
      await askers.ask()
      assert.equal(askers.ends, [], `relocated for the ${i + 1}. time`)
    }

    for (const { name } of cluster.live()) site.setting(name, 'fails-to-start', true)
    const pid = site.pidOn(at)
    await calm()
    process.kill(pid, 'SIGKILL')
    await parkedAt(site, CLIENTS)
    const { director } = await cluster.serving('daemon')
    await cluster.replace(site.node(director.name))
    await parkedAt(site, CLIENTS)
    for (const { name } of cluster.live()) site.setting(name, 'fails-to-start', false)
    await site.another(pid)
    await askers.ask(30_000)
    assert.equal(askers.ends, [], 'killed')

    at = await site.active()
    const other = (await cluster.serving('daemon')).director.name
    if (other === at) {
      await cluster.baton(site.node(at), 'relocate', 'daemon')
      at = await site.active(at)
      await askers.ask()
    }
    await calm()
    await cluster.kill(site.node(at))
    at = await site.active(at)
    await askers.ask(20_000)
    assert.equal(askers.ends, [], 'its node killed')
    site.assertNeverTwo()
  },
  NEEDS,
)

test(
  'in vain: they are told when their time is over',
  async (scope) => {
    const site = await DaemonSite.build(scope, ...CHECKS, '--park', '1s')
    const askers = await askersOf(scope, site, CLIENTS)
    const at = await site.active()
    for (const { name } of site.fixture.cluster.live()) site.setting(name, 'fails-to-start', true)
    await calm()
    process.kill(site.pidOn(at), 'SIGKILL')
    const isOver = () => (askers.ends.length === CLIENTS ? true : undefined)
    await until(isOver, 10_000, () => `${askers.ends.length} heard of it`)
    assert.equal([...new Set(askers.ends)], ['ECONNRESET'])
  },
  NEEDS,
)

test.run()
