/** The keyring of a simulated cluster: what each host is given, who rotates, and what must be when all is calm. */
import { Prng } from '../../src/base/prng.js'
import type { ClusterOptions } from './cluster-options.js'
import type { Host } from './host.js'
import { Rotators } from './rotators.js'
import { SimKeys } from './sim-keys.js'

const [SOONEST_MS, LATEST_MS] = [30, 250]

export class Keyed {
  readonly rotators: Rotators
  readonly #random: Prng
  readonly #first: Uint8Array

  constructor(
    private readonly options: Pick<ClusterOptions, 'seed' | 'keys' | 'brokenKeys'>,
    private readonly hosts: readonly Host[],
  ) {
    // Of its own: the faults of a seed are the same with and without rotations.
    this.#random = new Prng(options.seed * 31 + 7)
    this.#first = this.#random.bytes(32)
    this.rotators = new Rotators(hosts, this.#random, options.keys === 'rashly')
  }

  ofHost(): { keys?: SimKeys } {
    if (this.options.keys === undefined) return {}
    // The founder's disk has it, whatever is up.
    const paste = () => this.hosts[0]?.options.keys?.given[0]
    return { keys: new SimKeys(this.#first, this.options.brokenKeys, paste) }
  }

  plan(add: (at: number, run: () => void) => void, until: number, restart: (host: Host) => void): void {
    if (this.options.keys === undefined) return
    // Who was given a key and cut off until it was removed, before it ever joined, is given another.
    add(until - 1, () => {
      for (const host of this.hosts.slice(1)) if (host.options.keys?.hasJoined === false) restart(host)
    })
    for (let at = 2_000; at < until; at += this.#random.between(SOONEST_MS, LATEST_MS))
      add(at, () => this.rotators.step())
  }

  checkCalm(left: ReadonlySet<number>): string | undefined {
    const stayers = this.hosts.filter(({ index }) => !left.has(index))
    const rings = new Set(stayers.map(({ options }) => options.keys?.ring?.keys.map(({ id }) => id).join()))
    return rings.size <= 1 ? undefined : `hosts disagree on the keys: ${[...rings].join(' | ')}`
  }
}
