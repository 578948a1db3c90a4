/** Networks as they are: what owned addresses do where a host or its network is not the plainest. */
import type { Host } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { build } from './network-site.js'

const test = suite('cluster/networks', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl', 'mount'], root: true }
const ADDRESS = '10.77.9.9'

const set = (host: Host, sysctl: string, value: number) => {
  return host.run('sh', '-c', `echo ${value} > /proc/sys/net/ipv4/conf/${sysctl}`)
}

test(
  'arp_ignore and arp_announce, as balanced hosts have them: Baton answers where the kernel does not',
  async (scope) => {
    const site = await build(scope, async (_lan, host) => {
      await set(host, 'all/arp_ignore', 1)
      await set(host, 'all/arp_announce', 2)
    })
    await site.add(ADDRESS)
    await site.served(ADDRESS)
    // Nothing that it has heard before: it asks.
    await site.client.namespace.ip('neigh flush dev eth0')
    await site.served(ADDRESS)
  },
  NEEDS,
)

test(
  'two cards on one LAN: one of them speaks',
  async (scope) => {
    const site = await build(scope, (lan, host) => lan.addCard(host, ['10.77.1.1/16']))
    await site.add(ADDRESS)
    await site.served(ADDRESS)
    const told = await until(
      () => /"address-announced".*"on":"([^"]*)"/.exec(site.log())?.[1],
      5_000,
      'it is announced',
    )
    assert.is(told, 'eth0')
  },
  NEEDS,
)

test(
  'an address outside every subnet is announced nowhere, and says so; a service may name an interface',
  async (scope) => {
    const outside = '192.0.2.50'
    const site = await build(scope)
    await site.add(outside)
    await until(() => (site.log().includes('address-not-announced') ? true : undefined), 5_000, 'the log says so')
    await site.cluster.baton(site.node, 'service', 'set', 'web', '--interface', 'eth0')
    await until(() => (site.log().includes('"on":"eth0"') ? true : undefined), 5_000, 'it is announced there')
    await site.client.namespace.ip(`route add ${outside}/32 dev eth0`)
    await site.served(outside)
  },
  NEEDS,
)

test(
  'an interface that comes later hears of the address',
  async (scope) => {
    const later = '10.88.0.9'
    const site = await build(scope)
    await site.add(later)
    await until(() => (site.log().includes('address-not-announced') ? true : undefined), 5_000, 'there is none yet')
    await site.lan.addCard(site.host, ['10.88.0.1/16'])
    await until(() => (site.log().includes('"on":"eth1"') ? true : undefined), 5_000, 'it is announced there')
    await site.client.namespace.ip('addr add 10.88.0.2/16 dev eth0')
    await site.served(later)
  },
  NEEDS,
)

test(
  'an address that another host has is not taken; whose it is is told, and when it is free it is served',
  async (scope) => {
    const site = await build(scope)
    await site.client.namespace.ip(`addr add ${ADDRESS}/32 dev eth0`)
    await site.add(ADDRESS)
    const problem = await until(
      async () => (await site.node.client.service('web')).problem,
      8_000,
      'the rival is told of',
    )
    const mac = /link\/ether (\S+)/.exec(await site.client.run('ip', 'link', 'show', 'eth0'))?.[1] ?? '?'
    assert.match(problem, `a cannot take ${ADDRESS}: a host with the link address ${mac} answers for it on eth0`)
    await site.client.namespace.ip(`addr del ${ADDRESS}/32 dev eth0`)
    await site.served(ADDRESS)
  },
  NEEDS,
)

test(
  'without /dev/net/tun no address is owned, the way out is told, and one that is there already is served',
  async (scope) => {
    const hide = ['unshare', '--mount', 'sh', '-ec', 'mount --bind /dev/null /dev/net/tun; exec "$@"', 'sh']
    const site = await build(scope, async () => {}, hide)
    await site.add(ADDRESS)
    const problem = await until(async () => (await site.node.client.service('web')).problem, 8_000, 'it is told')
    assert.match(problem, /a cannot own 10.77.9.9: .*--own none/)
    await site.host.namespace.ip(`addr add ${ADDRESS}/32 dev eth0`)
    await site.cluster.baton(site.node, 'service', 'set', 'web', '--own', 'none')
    await site.served(ADDRESS)
  },
  NEEDS,
)

test(
  'whoever flushes, puts down or deletes the device on which an address is: it is there again',
  async (scope) => {
    const site = await build(scope)
    await site.add(ADDRESS)
    await site.served(ADDRESS)
    for (const what of ['addr flush dev baton0', 'link set baton0 down', 'link del baton0']) {
      const before = site.log().split('address-taken-away').length
      await site.host.namespace.ip(what)
      await until(
        () => (site.log().split('address-taken-away').length > before ? true : undefined),
        5_000,
        'it is told',
      )
      await site.served(ADDRESS)
    }
  },
  NEEDS,
)

test.run()
