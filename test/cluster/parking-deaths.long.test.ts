/** Idle clients whose program is gone, on hosts of their own: the next program has them, and they outlive their director as ever. */
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { ADDRESS, ADDRESS6, SurvivalSite } from './survival.js'

const test = suite('cluster/parking', 90_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'ss'], root: true }
const CLIENTS = 40
const PARK = ['--local', 'last', '--park', '30s']
/** Two news from the director to the next in line. */
const TOLD_MS = 2_500

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** With leases that a busy machine keeps: who is parked ends with its director. */
async function build(scope: Scope, address: string): Promise<SurvivalSite> {
  return (await SurvivalSite.buildMortal(scope, address, PARK, ['--profile', 'lan'])).site
}

async function placed(site: SurvivalSite, what: 'parked' | 'resumed', count: number): Promise<void> {
  const { node } = await site.director()
  let seen: unknown
  await until(
    async () => {
      const { placement } = (await node.client.service('echo')).choice
      seen = placement
      return placement?.[what] === count ? true : undefined
    },
    10_000,
    () => `${count} ${what}: ${JSON.stringify([seen, site.events('lease-lost'), site.events('lease-acquired')])}`,
    20,
  )
}

for (const address of [ADDRESS, ADDRESS6]) {
  test(
    `programs are killed one after the other, then the director of ${address}: every client goes on`,
    async (scope) => {
      const site = await build(scope, address)
      const { node } = await site.director()
      const [one, two] = site.cluster.live().filter(({ name }) => name !== node.name)
      if (one === undefined || two === undefined) throw new Error('three nodes')
      const askers = await site.askers(address, CLIENTS)
      await pause(300)
      const onOne = await site.served(site.lan.named(one.name))
      assert.ok(onOne > CLIENTS / 4 && onOne < CLIENTS, `${onOne} have the one`)
      await site.killProgram(one)
      await placed(site, 'resumed', onOne)
      await askers.ask()
      await pause(300)
      // Now all are at the other one, and nobody else is to have them.
      await site.killProgram(node)
      await site.killProgram(two)
      await placed(site, 'parked', CLIENTS)
      const { splices } = await node.client.splices({ limit: CLIENTS })
      assert.equal(
        splices.map(({ state, backend }) => `${state} ${backend?.name ?? 'nowhere'}`),
        Array(CLIENTS).fill('parked nowhere'),
      )
      site.startProgram(one)
      await placed(site, 'resumed', onOne + CLIENTS)
      await askers.ask()
      await pause(300)
      await site.cluster.kill(node)
      await askers.ask(20_000)
      assert.equal(askers.ends, [])
      assert.is(site.total('verdicts', 'reset'), 0)
      assert.is(site.total('recovered', 'revived'), CLIENTS)
    },
    NEEDS,
  )
}

for (const fault of ['killed', 'moved'] as const) {
  test(
    `who is parked when the director is ${fault} is told by the next`,
    async (scope) => {
      const site = await build(scope, ADDRESS)
      const { node } = await site.director()
      const askers = await site.askers(ADDRESS, CLIENTS)
      await pause(300)
      // Its own first, which would take them.
      await site.killProgram(node)
      for (const one of site.cluster.live()) if (one !== node) await site.killProgram(one)
      await placed(site, 'parked', CLIENTS)
      await pause(TOLD_MS)
      assert.equal(askers.ends, [])
      if (fault === 'killed') await site.cluster.kill(node)
      else await site.cluster.baton(node, 'move', 'echo')
      await until(
        () => (askers.ends.length === CLIENTS ? true : undefined),
        10_000,
        () => `${askers.ends.length} heard`,
      )
      assert.equal([...new Set(askers.ends)], ['ECONNRESET'])
    },
    NEEDS,
  )
}

test.run()
