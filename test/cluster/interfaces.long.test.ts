/** Interfaces that change under a service's address, and what else comes by them. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { assert, suite } from '../harness/suite.js'
import { build } from './network-site.js'

const test = suite('cluster/interfaces', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const ADDRESS = '10.77.9.9'
const ADDRESS6 = 'fd77::9:9'
const main = (name: string) => [process.execPath, '--import', 'tsx', fileURLToPath(new URL(name, import.meta.url))]
/** A lease of profile `lan`, and as much again. */
const LEASE_OVER_MS = 2_000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test(
  'who claims the address in a VLAN of the same cable is no rival, neither before it is taken nor afterwards',
  async (scope) => {
    const site = await build(scope)
    const claims = site.client.start('claims', [...main('./tagged-claims.ts'), ADDRESS])
    await until(() => (claims.tail().includes('claiming') ? true : undefined), 10_000, 'it is claimed')
    await site.add(ADDRESS)
    await site.served(ADDRESS)
    assert.not(claims.isOver, 'it is claimed all the time')
    await claims.ended
    assert.is((await site.node.client.service('web')).problem, undefined)
    assert.not(site.log().includes('rival'))
  },
  NEEDS,
)

test(
  'a card gets another link address, the device another name: clients are served',
  async (scope) => {
    const site = await build(scope)
    await site.add(ADDRESS)
    await site.served(ADDRESS)
    await site.host.namespace.ip('link set eth0 address 02:00:00:00:55:55')
    await site.served(ADDRESS)
    const device = 'link set baton0'
    await site.host.namespace.ip(`${device} down`, `${device} name tunnel9`, 'link set tunnel9 up')
    await until(
      async () => {
        const { here } = await site.node.client.service('web')
        return here?.device === 'tunnel9' ? true : undefined
      },
      5_000,
      'its name is known',
    )
    const told = site.log().split('address-taken-away').length
    await pause(2_500)
    assert.is(site.log().split('address-taken-away').length, told, 'nothing is missing')
    await site.served(ADDRESS)
  },
  NEEDS,
)

test(
  'a switch that sends frames of a group to its members only (MLD snooping): IPv6 clients find the address',
  async (scope) => {
    const site = await build(scope, async (lan) => {
      await lan.onSwitch('link set br1 type bridge mcast_query_response_interval 100')
      await lan.onSwitch('link set br1 type bridge mcast_querier 1')
      // So long it lets everything through: it may not know all members yet.
      await pause(1_500)
    })
    await site.add(ADDRESS6)
    await site.served(ADDRESS6)
  },
  NEEDS,
)

test(
  'a frozen director is not heard by a tunnel either, which has no link addresses',
  async (scope) => {
    const site = await build(scope)
    await site.add(ADDRESS)
    await site.served(ADDRESS)
    const tunnel = site.host.start('tunnel', [...main('./tunnel-main.ts'), '10.99.0.2', ADDRESS])
    const echoes = () => readFileSync(tunnel.output, 'utf8').split('echo').length - 1
    await until(() => (tunnel.tail().includes('ready') ? true : undefined), 10_000, 'the tunnel is there')
    await site.host.namespace.ip('addr add 10.99.0.1/24 dev vpn0', 'link set vpn0 up')
    await until(() => (echoes() > 50 ? true : undefined), 5_000, 'it answers')
    site.node.child?.kill('SIGSTOP')
    await pause(LEASE_OVER_MS)
    const before = echoes()
    await pause(500)
    const after = echoes()
    site.node.child?.kill('SIGCONT')
    assert.is(after, before, 'after the lease there is silence')
    await until(() => (echoes() > after + 10 ? true : undefined), 10_000, 'it answers again')
  },
  NEEDS,
)

test.run()
