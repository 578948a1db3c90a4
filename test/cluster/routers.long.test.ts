/** More than one LAN: clients behind routers, and hosts that are routers or firewalls themselves. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cluster/routers', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const NAMES = ['a', 'b', 'c']
const [ADDRESS, ADDRESS6] = ['10.77.9.9', 'fd77::9:9']

interface Site {
  readonly lan: Lan
  readonly cluster: LocalCluster
  /** Until the client is served at both addresses. */
  served(client: string): Promise<void>
  /** Another directs than did. */
  killDirector(): Promise<void>
}

/** Three hosts with a node each on the first segment, a client there and one on the second, and a router. */
async function build(scope: Scope, prepare: (lan: Lan, folder: string) => Promise<unknown>): Promise<Site> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-routers-'))
  const near = [...NAMES, 'near'].map((name, i) => ({ name, number: i + 1 }))
  const lan = await Lan.make([...near, { name: 'far', number: 9, segment: 2 }], folder)
  scope.defer(async () => {
    await lan.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  await prepare(lan, folder)
  const cluster = await LocalCluster.start({
    addresses: NAMES.map((name) => lan.named(name).address),
    names: NAMES,
    untold: true,
    folder: path.join(folder, 'state'),
    start: (name, command, output) => lan.named(name).start('baton', command, output),
  })
  await cluster.settled()
  for (const name of NAMES) {
    const host = lan.named(name)
    host.start('hello', [process.execPath, HELLO, name, '0.0.0.0', '8080'])
    host.start('hello6', [process.execPath, HELLO, name, '::1', '8080'])
  }
  const [first] = cluster.nodes
  if (first === undefined) throw new Error('no node')
  for (const [name, address] of [
    ['web', ADDRESS],
    ['web6', ADDRESS6],
  ] as const) {
    await cluster.baton(first, 'service', 'add', name, '--address', address, '--ports', '8080')
    await cluster.serving(name)
  }
  return {
    lan,
    cluster,
    served: async (client) => {
      for (const host of [ADDRESS, `[${ADDRESS6}]`]) {
        const get = () =>
          lan
            .named(client)
            .run('curl', '-sS', '--max-time', '1', `http://${host}:8080/`)
            .catch(() => undefined)
        assert.match(await until(get, 8_000, `${client} is served at ${host}`), 'hello from')
      }
    },
    killDirector: async () => {
      const { director } = await cluster.serving('web')
      await cluster.kill(cluster.named(director.name))
    },
  }
}

test(
  'a client behind a router is served, and again when the director is killed',
  async (scope) => {
    const site = await build(scope, (lan, folder) => lan.addRouter(folder))
    await site.served('far')
    await site.killDirector()
    await site.served('far')
    await site.served('near')
  },
  NEEDS,
)

test(
  'a client that a router hides behind its own address is served, and again when the director is killed',
  async (scope) => {
    const site = await build(scope, (lan, folder) => lan.addRouter(folder, { hides: true }))
    await site.served('far')
    await site.killDirector()
    await site.served('far')
  },
  NEEDS,
)

test(
  'hosts that forward, with rules that drop what their connection tracking calls invalid, serve and direct',
  async (scope) => {
    const site = await build(scope, async (lan, folder) => {
      await lan.addRouter(folder)
      for (const name of NAMES) {
        const { namespace } = lan.named(name)
        await namespace.run(
          'sh',
          '-c',
          'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
        )
        // As a host of containers has it: a bridge of its own, and a filter that keeps state.
        await namespace.ip('link add docker0 type bridge', 'addr add 172.17.0.1/16 dev docker0', 'link set docker0 up')
        await namespace.nft(
          'table inet guard {',
          'chain input { type filter hook input priority 0; ct state invalid drop; ct state established,related accept; }',
          'chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; }',
          'chain output { type filter hook output priority 0; ct state invalid drop; }',
          '}',
        )
      }
    })
    await site.served('near')
    await site.served('far')
    await site.killDirector()
    await site.served('near')
    await site.served('far')
    const views = await Promise.all(site.cluster.live().map((node) => node.client.status()))
    for (const { members } of views) {
      const addresses = members.map(({ address }) => address)
      assert.equal(
        addresses.filter((address) => address.startsWith('172.')),
        [],
        'nobody takes the bridge for its address',
      )
    }
  },
  NEEDS,
)

test.run()
