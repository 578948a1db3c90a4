/** Nodes that are told nothing find each other on their LAN, as hosts have theirs: see docs/membership.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cluster/discovery', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv'], root: true }
const FLOOD = fileURLToPath(new URL('./mdns-flood-main.ts', import.meta.url))
const ASK = fileURLToPath(new URL('./mdns-ask-main.ts', import.meta.url))

class Site {
  #clusters = 0

  private constructor(
    private readonly folder: string,
    readonly lan: Lan,
  ) {}

  static async build(scope: Scope, names: readonly string[]): Promise<Site> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-discovery-'))
    const plans = names.map((name, i) => ({ name, number: i + 1 }))
    const lan = await Lan.make(plans, folder)
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    return new Site(folder, lan)
  }

  file(name: string, text: string): string {
    const file = path.join(this.folder, name)
    writeFileSync(file, text)
    return file
  }

  cluster(names: readonly string[]): Promise<LocalCluster> {
    return LocalCluster.start({
      addresses: names.map((name) => this.lan.named(name).address),
      names,
      untold: true,
      folder: path.join(this.folder, `cluster${++this.#clusters}`),
      start: (name, command, output) => this.lan.named(name).start('baton', command, output),
    })
  }
}

test(
  'the default route leads over another card: they meet there, and say which address was passed over',
  async (scope) => {
    const site = await Site.build(scope, ['a', 'b'])
    for (const [i, host] of site.lan.hosts.entries()) {
      await site.lan.addCard(host, [`10.88.0.${i + 1}/24`])
      await host.namespace.ip('route add default via 10.88.0.254')
    }
    const cluster = await site.cluster(['a', 'b'])
    await cluster.settled()
    for (const [i, node] of cluster.nodes.entries()) {
      assert.match(cluster.log(node), `"bind":"10.88.0.${i + 1}","bindFrom":"default-route"`)
      assert.match(cluster.log(node), `"passedOver":"10.77.0.${i + 1} (eth0)"`)
    }
  },
  NEEDS,
)

test(
  'a cable that comes after the start: they meet then',
  async (scope) => {
    const site = await Site.build(scope, ['a', 'b'])
    const late = site.lan.named('b')
    await late.cableOut()
    const cluster = await site.cluster(['a', 'b'])
    const [first] = cluster.nodes
    assert.is((await first?.client.status())?.members.length, 1)
    await late.cableIn()
    await cluster.settled()
  },
  NEEDS,
)

test(
  'two clusters on one LAN stay apart, and hardly speak of each other',
  async (scope) => {
    const site = await Site.build(scope, ['a', 'b', 'c', 'd'])
    const [one, two] = await Promise.all([site.cluster(['a', 'b']), site.cluster(['c', 'd'])])
    await Promise.all([one.settled(), two.settled()])
    for (const cluster of [one, two]) {
      const names = cluster.nodes.map(({ name }) => name)
      for (const node of cluster.nodes) {
        assert.equal((await node.client.status()).members.map(({ name }) => name).sort(), names)
        const alarms = cluster
          .log(node)
          .split('\n')
          .filter((line) => /"level":"(warn|error)"/.test(line))
        const others = alarms.filter((line) => /10\.77\.0\.\d/.test(line))
        assert.ok(others.length <= 1, others.join('\n'))
      }
    }
  },
  NEEDS,
)

test(
  'a LAN that is flooded with multicast DNS: they meet, and serve',
  async (scope) => {
    const site = await Site.build(scope, ['a', 'b', 'c'])
    const c = site.lan.named('c')
    const flood = c.start('flood', [process.execPath, '--import', 'tsx', FLOOD, c.address])
    await until(() => (flood.tail() === 'floods' ? true : undefined), 10_000, 'the flood')
    const cluster = await site.cluster(['a', 'b'])
    await cluster.settled()
    const [first] = cluster.nodes
    if (first === undefined) return
    await cluster.baton(first, 'service', 'add', 'web', '--address', '10.77.0.100', '--ports', '80')
    await cluster.serving('web')
    assert.not(flood.isOver, flood.tail())
  },
  NEEDS,
)

test(
  'beside avahi on the same host: both are heard',
  async (scope) => {
    const site = await Site.build(scope, ['a', 'b'])
    const [a, b] = [site.lan.named('a'), site.lan.named('b')]
    const settings = site.file(
      'avahi.conf',
      '[server]\nhost-name=avahi-a\nenable-dbus=no\nuse-ipv6=no\n[wide-area]\nenable-wide-area=no\n',
    )
    const run = 'mount -t tmpfs tmpfs /run && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits --file "$0"'
    const avahi = a.start('avahi', ['unshare', '--mount', 'sh', '-c', run, settings])
    const ask = () => b.run(process.execPath, '--import', 'tsx', ASK, b.address, 'avahi-a.local')
    assert.is((await ask()).trim(), a.address, avahi.tail())
    const cluster = await site.cluster(['a', 'b'])
    await cluster.settled()
    assert.is((await ask()).trim(), a.address, 'with a node beside it')
    const ports = await until(
      async () => {
        const open = await a.run('ss', '--udp', '--listening', '--numeric', '--processes', 'sport = 5353')
        return open.includes('avahi') && open.includes('node') ? open : undefined
      },
      5_000,
      'both have port 5353',
    )
    assert.match(ports, '5353')
    assert.not(avahi.isOver)
  },
  { ...NEEDS, needs: [...NEEDS.needs, 'avahi-daemon', 'ss'] },
)

test.run()
