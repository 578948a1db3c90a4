/** Real nodes on simulated hosts and an ordinary network, for measurements: nothing happens but what is asked for. */
import type { Endpoint } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import { registryKey } from '../../src/node/services/services.js'
import { fieldsOfService, parseService } from '../../src/proxy/service-fields.js'
import { EventQueue } from './event-queue.js'
import { Host, type Watcher } from './host.js'
import { Network } from './network.js'
import type { SimKeys } from './sim-keys.js'

const ORDINARY = { loss: 0.01, duplication: 0.001, tail: 0.01, tailMs: 60 }

export interface QuietOptions {
  readonly nodes: number
  readonly profile: 'lan' | 'fast'
  readonly seed: number
  /** Somebody holds a lease from now on. */
  readonly onAcquired?: () => void
  readonly keysOf?: () => SimKeys
  readonly onLog?: Watcher['log']
  readonly onUnopened?: Watcher['unopened']
}

export class QuietCluster {
  readonly hosts: Host[] = []
  readonly random: Prng
  readonly network: Network
  readonly #queue = new EventQueue()

  constructor({ nodes, profile, seed, onAcquired, keysOf, onLog, onUnopened }: QuietOptions) {
    this.random = new Prng(seed)
    const hostAt = (at: Endpoint) => this.hosts[Number(at.address.split('.')[3]) - 1]
    const watcher: Watcher = {
      trunk: () => this.network,
      voted: () => {},
      saved: () => {},
      failsAt: () => false,
      ...(onUnopened === undefined ? {} : { unopened: onUnopened }),
      log: (host, event, fields) => {
        onLog?.(host, event, fields)
        if (event === 'lease-acquired') onAcquired?.()
      },
    }
    for (let index = 0; index < nodes; index++) {
      const own = { index, founds: index === 0, driftPpm: this.random.between(-500, 500), wallSkewMs: 0 }
      this.hosts.push(
        new Host({ ...own, seed, rules: {}, profile, ...(keysOf && { keys: keysOf() }) }, this.#queue, watcher, hostAt),
      )
    }
    this.network = new Network(this.hosts, this.#queue, this.random)
    this.network.weather = ORDINARY
    for (const host of this.hosts) this.#queue.add(host.index * 5, () => this.start(host))
    // Until all that may vote do.
    this.run(12_000)
  }

  get now(): number {
    return this.#queue.now
  }

  run(ms: number): void {
    const end = this.now + ms
    while (this.#queue.step() && this.now < end);
  }

  start(host: Host): void {
    const [first] = this.hosts
    host.start(first === undefined || first === host ? [] : [first.at])
    this.network.dial(host)
  }

  end(host: Host, silently: boolean): void {
    host.kill()
    this.network.ended(host, silently)
  }

  /** As one import at the first host. */
  addServices(names: readonly string[]): void {
    const writes = names.map((name, i) => {
      const parsed = parseService({ name, address: `10.${1 + (i >> 8)}.1.${i & 255}`, ports: '80', own: 'none' })
      if (parsed.type !== 'service') throw new Error(`${name} cannot be read`)
      return { name: registryKey(name), changes: { ...fieldsOfService(parsed.service), createdAtMs: i } }
    })
    const [first] = this.hosts
    first?.turn(() => first.node?.write(writes))
  }
}
