/**
 * Sites apart from each other: a router joins LANs, and none of their multicast crosses it; a LAN may be behind a NAT, which lets
 * out what its hosts begin, and nothing in. Hosts live as those of `Lan` do.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Child } from '../../src/lab/child.io.js'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { Host } from '../../src/lab/hosts.io.js'
import { Namespace } from '../../src/lab/namespace.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/suite.js'

const BATON = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))
const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))

export interface SitePlan {
  /** Its hosts' addresses are 10.NET.0.1, … */
  readonly net: number
  readonly hosts: readonly string[]
  readonly isHidden?: boolean
}

/** Between the router and NATs. */
const TRANSIT = 80
/** Reached from everywhere. */
export const ROUTER = '10.79.0.1'

export class Sites {
  readonly hosts: Host[] = []
  readonly #routers: Namespace[] = []
  #clusters = 0

  private constructor(
    readonly router: Host,
    private readonly folder: string,
  ) {}

  static async make(plans: readonly SitePlan[], folder: string): Promise<Sites> {
    const router = await Namespace.make()
    await router.ip('link set lo up', `addr add ${ROUTER}/32 dev lo`)
    await forward(router)
    const sites = new Sites(new Host('router', '', ROUTER, '', router, folder, 1, async () => {}), folder)
    try {
      for (const [i, plan] of plans.entries()) await sites.#add(plan, i + 1)
      return sites
    } catch (error) {
      await sites.remove()
      throw error
    }
  }

  /** Removed with the test. */
  static async build(scope: Scope, plans: readonly SitePlan[]): Promise<Sites> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-swarm-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    const sites = await Sites.make(plans, folder)
    scope.defer(() => sites.remove())
    return sites
  }

  /** On the router, until it answers. */
  async bootstrap(): Promise<Child> {
    const child = this.router.start('bootstrap', [process.execPath, BATON, 'bootstrap', '--listen', ROUTER])
    await until(
      () => (child.tail().includes(`--bootstrap ${ROUTER}`) ? true : undefined),
      15_000,
      'the bootstrap node is up',
    )
    return child
  }

  /** Nodes that are told how to find each other, and nothing else. */
  cluster(names: readonly string[], ...upArguments: string[]): Promise<LocalCluster> {
    return LocalCluster.start({
      addresses: names.map((name) => this.named(name).address),
      names,
      untold: true,
      // Neither is what these tests are about, and both take time at the start.
      upArguments: ['--cipher', 'secretstream', '--lanes', '1', ...upArguments],
      folder: path.join(this.folder, `cluster${++this.#clusters}`),
      start: (name, command, output) => this.named(name).start('baton', command, output),
    })
  }

  /** Programs that say which host they are on. */
  hello(port: number, ...names: string[]): void {
    for (const name of names) {
      this.named(name).start('hello', [process.execPath, HELLO, name, '0.0.0.0', String(port)])
    }
  }

  /** What a client on that host is answered, once it is. */
  served(client: string, url: string, limitMs = 10_000): Promise<string> {
    const get = () =>
      this.named(client)
        .run('curl', '-sS', '--max-time', '2', url)
        .catch(() => undefined)
    return until(get, limitMs, `${client} is served at ${url}`)
  }

  named(name: string): Host {
    const host = this.hosts.find((one) => one.name === name)
    if (host === undefined) throw new Error(`no host ${name} in this lab`)
    return host
  }

  async remove(): Promise<void> {
    await Promise.all([...this.hosts, this.router].map((host) => host.stop()))
    await Promise.all(this.#routers.map((router) => router.leave()))
  }

  async #add({ net, hosts, isHidden = false }: SitePlan, number: number): Promise<void> {
    const gateway = isHidden ? await this.#nat(number) : this.router.namespace
    await gateway.ip(
      `link add lan${net} type bridge`,
      `addr add 10.${net}.0.254/24 dev lan${net}`,
      `link set lan${net} up`,
    )
    for (const [i, name] of hosts.entries()) {
      const namespace = await Namespace.make(gateway)
      const [port, address] = [`port${net}-${i + 1}`, `10.${net}.0.${i + 1}`]
      await gateway.ip(
        `link add ${port} type veth peer name eth0 netns ${namespace.pid}`,
        `link set ${port} master lan${net} up`,
      )
      await namespace.ip(
        'link set lo up',
        'link set eth0 up',
        `addr add ${address}/24 dev eth0`,
        `route add default via 10.${net}.0.254`,
      )
      const plug = (isIn: boolean) => gateway.ip(`link set ${port} ${isIn ? 'up' : 'down'}`)
      this.hosts.push(new Host(name, port, address, '', namespace, this.folder, 1, plug))
    }
  }

  /** Seen from outside as 10.80.0.NUMBER. */
  async #nat(number: number): Promise<Namespace> {
    const nat = await Namespace.make(this.router.namespace)
    this.#routers.push(nat)
    await this.router.namespace.ip(
      `link add nat${number} type veth peer name wan netns ${nat.pid}`,
      `link set nat${number} up`,
      `addr add 10.${TRANSIT}.${number}.254/24 dev nat${number}`,
    )
    await nat.ip(
      'link set lo up',
      'link set wan up',
      `addr add 10.${TRANSIT}.${number}.1/24 dev wan`,
      `route add default via 10.${TRANSIT}.${number}.254`,
    )
    await forward(nat)
    await nat.nft(
      'table ip lab {',
      'chain out { type nat hook postrouting priority 100; oifname wan masquerade; }',
      'chain in { type filter hook forward priority 0; policy drop; iifname != wan accept; ct state established,related accept; }',
      // As routers do: an answer that there is nobody would tell their connection tracking of a connection.
      'chain self { type filter hook input priority 0; iifname wan ct state new drop; }',
      '}',
    )
    return nat
  }
}

async function forward(namespace: Namespace): Promise<void> {
  await namespace.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
}
