/**
 * Hosts of their own on one machine, joined by a switch: each a network namespace with one interface (`eth0`), the switch a
 * bridge in a namespace that no host is in. What ends a host is done to its cable first: a host without power says nothing.
 */
import path from 'node:path'
import { Child, END_WITH_US } from './child.io.js'
import { Namespace } from './namespace.io.js'
import { until } from './wait.io.js'

const LOSS_PARTS = 1_000_000

/** Its addresses are in 10.77.0.0/16 and fd77::/64, on the second segment in 10.78.0.0/16 and fd78::/64. */
export interface HostPlan {
  readonly name: string
  /** 1 to 253; 254 is a router's. */
  readonly number: number
  /** A switch of its own, which a router joins with the first (see `addRouter`). */
  readonly segment?: Segment
}

export type Segment = 1 | 2

const ROUTER: HostPlan = { name: 'router', number: 254 }

export class Host {
  readonly #children: Child[] = []

  constructor(
    readonly name: string,
    /** The port of the switch that its cable goes to. */
    readonly port: string,
    readonly address: string,
    readonly address6: string,
    readonly namespace: Namespace,
    private readonly folder: string,
    readonly segment: Segment,
    private readonly plug: (isIn: boolean) => Promise<void>,
  ) {}

  /** A program on this host. It ends with the lab, also when the lab is killed. */
  start(name: string, command: readonly string[], output = path.join(this.folder, `${this.name}-${name}.log`)): Child {
    const [program = '', ...args] = [...END_WITH_US, ...this.namespace.enter, ...command]
    const child = new Child(name, [program, ...args], output)
    this.#children.push(child)
    return child
  }

  /** To its end; what it prints. */
  run(...command: string[]): Promise<string> {
    return this.namespace.run(...command)
  }

  cableOut(): Promise<void> {
    return this.plug(false)
  }

  cableIn(): Promise<void> {
    return this.plug(true)
  }

  /** Nothing of its end is heard on the network. */
  async powerOff(): Promise<void> {
    await this.cableOut()
    this.signal('SIGKILL')
    await Promise.all(this.#children.map(({ ended }) => ended))
  }

  /** All programs of the host. */
  signal(signal: NodeJS.Signals): void {
    for (const child of this.#children) child.kill(signal)
  }

  async stop(): Promise<void> {
    this.signal('SIGCONT')
    await Promise.all(this.#children.map((child) => child.stop()))
    await this.namespace.leave()
  }
}

export class Lan {
  readonly hosts: Host[] = []
  readonly #relays: Child[] = []
  #groups: readonly (readonly Host[])[] = []
  #lossShare = 0

  private constructor(
    private readonly bridge: Namespace,
    private readonly folder: string,
  ) {}

  /** Throws ERR_LAB where this user can make no network namespaces. Logs of programs go to `folder`. */
  static async make(plans: readonly HostPlan[], folder: string): Promise<Lan> {
    const lan = new Lan(await Namespace.make(), folder)
    try {
      await lan.bridge.ip(...[1, 2].flatMap((n) => [`link add br${n} type bridge`, `link set br${n} up`]))
      for (const plan of plans) lan.hosts.push(await lan.#host(plan, folder))
      return lan
    } catch (error) {
      await lan.remove()
      throw error
    }
  }

  /** The process that holds the switch. */
  get switchPid(): number {
    return this.bridge.pid
  }

  /** Commands of ip(8) at the switches, `br1` and `br2`. */
  onSwitch(...lines: string[]): Promise<void> {
    return this.bridge.ip(...lines)
  }

  /** A second cable from a host to a switch, as `eth1`; `addresses` as `10.77.1.1/16`. */
  async addCard(host: Host, addresses: readonly string[], segment: Segment = 1): Promise<void> {
    const port = `${host.port}b`
    await this.bridge.ip(
      `link add ${port} type veth peer name eth1 netns ${host.namespace.pid}`,
      `link set ${port} master br${segment} up`,
    )
    await host.namespace.ip('link set eth1 up', ...addresses.map((address) => `addr add ${address} dev eth1 nodad`))
  }

  /**
   * A host with a card on either segment, `eth0` and `eth1`, which is the way to the rest of the world for all others. No multicast
   * crosses it. `hides`: hosts of the second segment are seen from the first under the router's address (IPv4).
   */
  async addRouter(folder: string, { hides = false } = {}): Promise<Host> {
    const router = await this.#host(ROUTER, folder)
    this.hosts.push(router)
    await this.addCard(router, ['10.78.0.254/16', 'fd78::fe/64'], 2)
    await router.run(
      'sh',
      '-c',
      'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
    )
    for (const { namespace, segment } of this.hosts.filter((host) => host !== router)) {
      const net = 76 + segment
      await namespace.ip(`route add default via 10.${net}.0.254`, `route add default via fd${net}::fe`)
    }
    if (hides) {
      const rule = 'type nat hook postrouting priority 100; oifname eth0 ip saddr 10.78.0.0/16 masquerade'
      await router.namespace.nft(`table ip lab { chain hide { ${rule}; }; }`)
    }
    return router
  }

  /**
   * Puts a relay into a host's cable: a program that is started at the switch, makes two TAP devices, prints their names on a
   * line, and carries frames from one to the other as slowly and as faithfully as it likes.
   */
  async addRelay(host: Host, command: readonly string[]): Promise<Child> {
    const output = path.join(this.folder, `${host.name}-relay.log`)
    const [program = '', ...args] = [...END_WITH_US, ...this.bridge.enter, ...command]
    const relay = new Child(`relay of ${host.name}`, [program, ...args], output)
    this.#relays.push(relay)
    const names = await until(
      () => /^(\S+) (\S+)$/m.exec(relay.tail()) ?? undefined,
      10_000,
      'the relay has its devices',
    )
    const [, near, far] = names
    await this.bridge.ip(
      `link del ${host.port}`,
      `link set ${near} name ${host.port}`,
      `link set ${host.port} master br${host.segment} up`,
      `link set ${far} netns ${host.namespace.pid} name eth0`,
    )
    await host.namespace.ip(...cardLines(host))
    return relay
  }

  named(name: string): Host {
    const host = this.hosts.find((one) => one.name === name)
    if (host === undefined) throw new Error(`no host ${name} in this lab`)
    return host
  }

  /** Hosts of different groups hear nothing of each other; those in none hear everybody. */
  partition(...groups: readonly (readonly Host[])[]): Promise<void> {
    this.#groups = groups
    return this.#filter()
  }

  /** A host's cable carries so much either way, with a queue of 50 ms before it, as a card or a link that is full has. */
  async limit(host: Host, megabitsPerSecond: number): Promise<void> {
    const shape = ['root', 'tbf', 'rate', `${megabitsPerSecond}mbit`, 'burst', '128kb', 'latency', '50ms']
    await host.run('tc', 'qdisc', 'replace', 'dev', 'eth0', ...shape)
    await this.bridge.run('tc', 'qdisc', 'replace', 'dev', host.port, ...shape)
  }

  /** Of all that crosses the switch, that share is lost: 0.01 is one in a hundred. */
  lose(share: number): Promise<void> {
    this.#lossShare = share
    return this.#filter()
  }

  async heal(): Promise<void> {
    this.#groups = []
    this.#lossShare = 0
    await this.#filter()
  }

  async remove(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.stop()))
    await Promise.all(this.#relays.map((relay) => relay.stop()))
    await this.bridge.leave()
  }

  /** The whole filter at once. Whatever hosts know of each other's link addresses they keep, as with a switch that fails. */
  #filter(): Promise<void> {
    const cuts = this.#groups.flatMap((group, i) => {
      const others = this.#groups.filter((_, j) => j !== i).flat()
      return group.flatMap(({ port }) => others.map((other) => `iifname ${port} oifname ${other.port} drop`))
    })
    const parts = Math.min(LOSS_PARTS - 1, Math.round(this.#lossShare * LOSS_PARTS))
    const losses = parts > 0 ? [`numgen random mod ${LOSS_PARTS} < ${parts} drop`] : []
    return this.bridge.nft(
      'table bridge lab',
      'delete table bridge lab',
      'table bridge lab {',
      'chain forward {',
      'type filter hook forward priority 0',
      ...cuts,
      ...losses,
      '}',
      '}',
    )
  }

  async #host({ name, number, segment = 1 }: HostPlan, folder: string): Promise<Host> {
    const namespace = await Namespace.make(this.bridge)
    const port = `port${segment}-${number}`
    const net = 76 + segment
    const [address, address6] = [`10.${net}.0.${number}`, `fd${net}::${number.toString(16)}`]
    await this.bridge.ip(
      `link add ${port} type veth peer name eth0 netns ${namespace.pid}`,
      `link set ${port} master br${segment} up`,
    )
    await namespace.ip('link set lo up', ...cardLines({ address, address6 }))
    const plug = (isIn: boolean) => this.bridge.ip(`link set ${port} ${isIn ? 'up' : 'down'}`)
    return new Host(name, port, address, address6, namespace, folder, segment, plug)
  }
}

function cardLines({ address, address6 }: Pick<Host, 'address' | 'address6'>): readonly string[] {
  return ['link set eth0 up', `addr add ${address}/16 dev eth0`, `addr add ${address6}/64 dev eth0 nodad`]
}
