import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cluster/hosts', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'] }

const NAMES = ['a', 'b', 'c']
const SERVICE = '10.77.9.9'

/** A node on each of three hosts, and a service whose address they all have: only its director listens on it. */
async function threeHosts(scope: Scope): Promise<{ lan: Lan; cluster: LocalCluster }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-hosts-'))
  const plans = NAMES.map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make(plans, folder)
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  for (const { namespace } of lan.hosts) await namespace.ip(`addr add ${SERVICE}/32 dev lo`)
  const cluster = await LocalCluster.start({
    addresses: lan.hosts.map(({ address }) => address),
    names: NAMES,
    folder: path.join(folder, 'state'),
    start: (name, command, output) => lan.named(name).start('baton', command, output),
  })
  await cluster.settled()
  const [first] = cluster.nodes
  if (first === undefined) throw new Error('no node')
  await cluster.baton(first, 'service', 'add', 'web', '--address', SERVICE, '--ports', '8080', '--own', 'none')
  return { lan, cluster }
}

test(
  'a director whose cable is pulled is followed by another, stops by itself, and comes back as a member',
  async (scope) => {
    const { lan, cluster } = await threeHosts(scope)
    const { director } = await cluster.serving('web')
    const cut = cluster.named(director.name)
    await lan.named(cut.name).cableOut()
    const others = cluster.nodes.filter((node) => node !== cut)
    const next = await until(
      async () => {
        const views = await Promise.all(others.map((node) => node.client.service('web')))
        const names = views.map((view) => view.director?.name)
        return names[0] !== undefined && names[0] !== cut.name && names[0] === names[1] ? names[0] : undefined
      },
      5_000,
      'the others agree on another director',
    )
    await until(
      async () => ((await cut.client.service('web')).director === null ? true : undefined),
      5_000,
      'the one that is cut off directs nothing',
    )
    await lan.named(cut.name).cableIn()
    await cluster.settled(30_000)
    assert.is((await cluster.serving('web')).director.name, next, 'nothing is taken back')
  },
  NEEDS,
)

test.run()
