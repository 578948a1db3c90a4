/** Cgroups of a node go with it, or with the next that begins there. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { OutwardSite } from './outward-site.js'

const test = suite('cluster/outward-cgroups', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }

test(
  'they go at an orderly stop, also of the director; and what a kill has left at the next start',
  async (scope) => {
    const site = await OutwardSite.build(scope)
    const director = await site.director()
    const { node } = await site.other()
    const [third] = site.cluster.nodes.filter((one) => one !== director && one !== node)
    const cgroups = new Map<unknown, string>()
    for (const one of site.cluster.nodes) cgroups.set(one, await site.cgroupOf(one))
    const isThere = (one: unknown) => existsSync(path.dirname(cgroups.get(one) ?? ''))
    await site.cluster.kill(node)
    assert.ok(isThere(node), 'nobody has put it in order')
    await site.cluster.stop(director)
    assert.not(isThere(director))
    site.cluster.up(director)
    await site.cluster.settled()
    if (third === undefined) throw new Error('no third node')
    await site.cluster.baton(third, 'service', 'rm', 'out')
    await until(() => (isThere(third) ? undefined : true), 5_000, 'it goes with its service', 20)
    assert.ok(isThere(node))
    site.cluster.up(node)
    await until(() => (isThere(node) ? undefined : true), 10_000, 'the next process sweeps it away', 20)
  },
  NEEDS,
)

test.run()
