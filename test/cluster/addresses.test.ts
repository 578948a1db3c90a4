/** Service addresses that nodes own, on hosts of their own: nothing is configured there, and nodes are told nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LabNode, LocalCluster } from '../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'

const test = suite('cluster/addresses', 60_000)
const NEEDS = { needs: ['ip', 'nft', 'unshare', 'nsenter', 'setpriv', 'curl'], root: true }
const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const NAMES = ['a', 'b', 'c']

class Site {
  private constructor(
    readonly lan: Lan,
    readonly cluster: LocalCluster,
    readonly client: Host,
  ) {}

  /** A node on each of three hosts, and a host of clients; a program on all addresses of every host. */
  static async build(scope: Scope): Promise<Site> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-addresses-'))
    const plans = [...NAMES, 'client'].map((name, i) => ({ name, number: i + 1 }))
    const lan = await Lan.make(plans, folder)
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const cluster = await LocalCluster.start({
      addresses: NAMES.map((name) => lan.named(name).address),
      names: NAMES,
      untold: true,
      folder: path.join(folder, 'state'),
      start: (name, command, output) => lan.named(name).start('baton', command, output),
    })
    await cluster.settled()
    for (const name of NAMES) lan.named(name).start('hello', [process.execPath, HELLO, name, '0.0.0.0', '8080'])
    return new Site(lan, cluster, lan.named('client'))
  }

  get first(): LabNode {
    const [first] = this.cluster.nodes
    if (first === undefined) throw new Error('no node')
    return first
  }

  async add(name: string, address: string, ports: string): Promise<void> {
    await this.cluster.baton(
      this.first,
      'service',
      'add',
      name,
      '--address',
      address,
      '--ports',
      ports,
      '--local',
      'equal',
    )
    await this.cluster.serving(name)
  }

  /** What a client gets, or the word of curl for why not. */
  async get(address: string, port = 8080, seconds = 3): Promise<string> {
    const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/`
    try {
      return await this.client.run('curl', '-sS', '--max-time', String(seconds), url)
    } catch (error) {
      return String((error as { stderr?: string }).stderr ?? error)
    }
  }
}

test(
  'an address that no host has appears with its service, on any port that a program listens on, and goes with it',
  async (scope) => {
    const site = await Site.build(scope)
    await site.add('web', '10.77.9.9', 'any')
    const seen = new Set<string>()
    for (let i = 0; i < 12; i++) seen.add(/hello from (\w)/.exec(await site.get('10.77.9.9'))?.[1] ?? 'nobody')
    assert.equal([...seen].sort(), NAMES, 'all hosts serve')
    assert.match(await site.get('10.77.9.9', 81), /curl: \(7\)/, 'refused at once')
    await site.cluster.baton(site.first, 'service', 'rm', 'web')
    await until(
      async () => ((await site.get('10.77.9.9', 8080, 1)).includes('hello') ? undefined : true),
      5_000,
      'nobody answers for the address',
    )
  },
  NEEDS,
)

test(
  'a director that is killed, and one whose cable is pulled: the address is on another host',
  async (scope) => {
    const site = await Site.build(scope)
    await site.add('web', '10.77.9.9', '8080')
    await site.add('web6', 'fd77::9:9', '8080')
    assert.match(await site.get('10.77.9.9'), 'hello from')
    assert.match(await site.get('fd77::9:9'), 'hello from')
    for (const end of ['kill', 'cableOut'] as const) {
      const before = (await site.cluster.serving('web')).director.name
      const host = site.lan.named(before)
      if (end === 'kill') host.signal('SIGKILL')
      else await host.cableOut()
      const rest = site.cluster.nodes.filter(({ name }) => name !== before)
      await until(
        async () => {
          const views = await Promise.allSettled(rest.map((node) => node.client.service('web')))
          const names = views.flatMap((view) => (view.status === 'fulfilled' ? (view.value.director?.name ?? []) : []))
          return names.length > 0 && names.every((name) => name !== before) ? true : undefined
        },
        10_000,
        `another directs after ${end}`,
      )
      await until(
        async () => ((await site.get('10.77.9.9', 8080, 1)).includes('hello') ? true : undefined),
        10_000,
        `clients are served after ${end}`,
      )
      if (end === 'kill') break
    }
  },
  NEEDS,
)

test.long(
  'ports that a service hides are refused at the hosts’ own addresses, and served at its own by all of them',
  async (scope) => {
    const site = await Site.build(scope)
    const own = NAMES.map((name) => site.lan.named(name).address)
    const isServedAt = (address: string) => async () => ((await site.get(address)).includes('hello') ? true : undefined)
    for (const address of own) await until(isServedAt(address), 5_000, `${address} serves`)
    await site.add('web', '10.77.9.9', '8080')
    await site.cluster.baton(site.first, 'service', 'set', 'web', '--hide', '8080')
    for (const address of own) {
      const isRefused = async () => ((await site.get(address)).includes('curl: (7)') ? true : undefined)
      await until(isRefused, 5_000, `${address} refuses`)
    }
    const seen = new Set<string>()
    for (let i = 0; i < 12; i++) seen.add(/hello from (\w)/.exec(await site.get('10.77.9.9'))?.[1] ?? 'nobody')
    assert.equal([...seen].sort(), NAMES)
    await site.cluster.baton(site.first, 'service', 'rm', 'web')
    for (const address of own) await until(isServedAt(address), 5_000, `${address} serves again`)
  },
  NEEDS,
)

test.run()
