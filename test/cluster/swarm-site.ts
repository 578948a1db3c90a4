/**
 * Sites apart from each other: a router joins LANs, and none of their multicast crosses it; a LAN may be behind a NAT, which lets
 * out what its hosts begin, and nothing in. Hosts live as those of `Lan` do.
 */
import path from 'node:path'
import { Host } from '../../src/lab/hosts.io.js'
import { Namespace } from '../../src/lab/namespace.io.js'

export interface SitePlan {
  /** Its hosts' addresses are 10.NET.0.1, … */
  readonly net: number
  readonly hosts: readonly string[]
  readonly isHidden?: boolean
}

/** Between the router and NATs. */
const TRANSIT = 80
const ROUTER = '10.79.0.1'

export class Sites {
  readonly hosts: Host[] = []
  readonly #routers: Namespace[] = []

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

export function logOf(folder: string, name: string): string {
  return path.join(folder, `${name}.log`)
}
