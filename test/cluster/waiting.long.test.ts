/** Clients that no program serves yet, in each state that there is, while their service changes hands once or twice. */
import type { Host } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { CALM_MS } from './askers.js'
import { ADDRESS, ADDRESS6, PORT } from './survival.js'
import { countedAt, moved, siteOf, Waiters } from './waiting.js'

const test = suite('cluster/waiting, long', 90_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'ss'], root: true }
const WAITING = 20
/** More than a kernel takes of a client that nobody reads. */
const MANY_BYTES = 400_000
const PROXIED = '198.51.100.7'

const calm = () => new Promise((resolve) => setTimeout(resolve, CALM_MS))

/** Its program seems to be slow to accept: its host hears no SYN for it. */
async function stall(host: Host): Promise<void> {
  await host.run('nft', 'add table inet stall')
  await host.run('nft', 'add chain inet stall in { type filter hook input priority 0 ; }')
  const to = `ip daddr ${host.address} tcp dport ${PORT}`
  await host.run('nft', `add rule inet stall in ${to} tcp flags & (syn | ack) == syn drop`)
}

for (const address of [ADDRESS, ADDRESS6]) {
  test(
    `in the queue at ${address}, with more said than a kernel takes; moved twice, and the process replaced`,
    async (scope) => {
      const site = await siteOf(scope, address, '--node-connections', '7', '--queue-timeout', '60s')
      const holders = await site.hold(address, 21)
      const waiters = await Waiters.of(site, WAITING, MANY_BYTES, address)
      await countedAt(site, 'waiting', WAITING)
      for (let i = 0; i < 2; i++) {
        await moved(site)
        await countedAt(site, 'waiting', WAITING)
        await calm()
      }
      await site.cluster.replace((await site.director()).node)
      await countedAt(site, 'waiting', WAITING)
      assert.equal(waiters.fates, [])
      holders.kill('SIGUSR2')
      await waiters.allServed()
      assert.equal(site.events('unserved-lost'), [])
    },
    NEEDS,
  )
}

test(
  'parked: asked in the dark, moved, and answered by the next program',
  async (scope) => {
    const site = await siteOf(scope, ADDRESS, '--local', 'last', '--park', '60s')
    const askers = await site.askers(ADDRESS, WAITING)
    await calm()
    for (const node of site.cluster.live()) await site.killProgram(node)
    await countedAt(site, 'parked', WAITING)
    // Some are told to standbys as lost with their director: they are not.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const answered = askers.ask(20_000)
    await moved(site)
    await countedAt(site, 'parked', WAITING)
    await countedAt(site, 'readmitted', WAITING)
    await moved(site)
    await countedAt(site, 'parked', WAITING)
    for (const node of site.cluster.live()) site.startProgram(node)
    await answered
    await countedAt(site, 'resumed', WAITING)
    await askers.ask()
    assert.equal(askers.ends, [])
    // Served again, they outlive their director as ever.
    await calm()
    await site.cluster.kill((await site.director()).node)
    await askers.ask()
    assert.equal(askers.ends, [])
  },
  NEEDS,
)

test(
  'of programs that are slow to accept: dialled anew by the next director',
  async (scope) => {
    const site = await siteOf(scope, ADDRESS, '--connect-timeout', '10s')
    const hosts = site.cluster.live().map(({ name }) => site.lan.named(name))
    for (const host of hosts) await stall(host)
    const waiters = await Waiters.of(site, WAITING, MANY_BYTES)
    await moved(site)
    await countedAt(site, 'readmitted', WAITING)
    assert.equal(waiters.fates, [])
    for (const host of hosts) await host.run('nft', 'delete table inet stall')
    await waiters.allServed()
    await until(
      async () => {
        const served = await Promise.all(hosts.map((host) => site.served(host)))
        // With its clients' own, on the director's host.
        return served.reduce((sum, count) => sum + count, 0) === 2 * WAITING ? true : undefined
      },
      5_000,
      'each is served once',
    )
    assert.equal(site.events('unserved-lost'), [])
  },
  NEEDS,
)

test(
  'behind a proxy in front: whom it has named is known to the next director, and half a header is heard to its end',
  async (scope) => {
    const settings = ['--accept-proxy', '10.77.0.0/16', '--node-connections', '2', '--queue-timeout', '60s']
    const site = await siteOf(scope, ADDRESS, ...settings)
    const holders = await Waiters.of(site, 6, 100, ADDRESS, PROXIED)
    await holders.allServed()
    const named = await Waiters.of(site, WAITING, MANY_BYTES, ADDRESS, PROXIED)
    const halves = await Waiters.of(site, WAITING, MANY_BYTES, ADDRESS, PROXIED, 'half')
    await countedAt(site, 'waiting', WAITING)
    await calm()
    await moved(site)
    await countedAt(site, 'readmitted', 2 * WAITING)
    halves.goOn()
    await countedAt(site, 'waiting', 2 * WAITING)
    const { node } = await site.director()
    await site.cluster.baton(node, 'service', 'set', 'echo', '--node-connections', '0')
    await named.allServed()
    await halves.allServed()
    const { stdout } = await site.cluster.baton(node, 'splices', '--limit', '100', '--json')
    const { splices } = JSON.parse(stdout) as { splices: { client: { from: string; via?: string } }[] }
    const froms = splices.filter(({ client }) => client.from.startsWith(`${PROXIED}:`) && client.via !== undefined)
    assert.is(froms.length, 6 + 2 * WAITING)
    assert.equal(site.events('unserved-lost'), [])
  },
  NEEDS,
)

test.run()
