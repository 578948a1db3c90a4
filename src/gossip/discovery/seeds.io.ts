import dns from 'node:dns/promises'

import { canonicalIp, type Endpoint } from '../../base/address.js'
import { backoffDelay } from '../../base/backoff.js'
import type { Alarm, AlarmClock } from '../../base/clock.js'
import { errnoOf, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/log.js'
import type { Prng } from '../../base/prng.js'
import type { Millis } from '../../base/time.js'
import type { PeerSource } from './peer-source.js'
import { formatSeed, type Seed } from './seeds.js'

/** The addresses of a host name, v4 and v6, in any order. */
export type Resolve = (host: string) => Promise<readonly string[]>

export interface SeedSourceOptions {
  readonly seeds: readonly Seed[]
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
  readonly resolve?: Resolve
}

/**
 * For ever: a seed may be started last of all, or come back at another address. Slow, because a member that is known
 * needs no seed any more.
 */
const REPEAT_MS: Millis = 30_000
const RETRY = { firstMs: 1_000, maxMs: 30_000 }
/** Of one name. More are no help: one member that answers is enough. */
const ADDRESSES_MAX = 16

/** Tells the seeds' addresses at start and again every 30 s; names that cannot be resolved are asked again with back-off. */
export class SeedSource implements PeerSource {
  readonly name = 'seeds'
  #stopped = false
  readonly #watches: Alarm[] = []

  constructor(private readonly options: SeedSourceOptions) {}

  start(found: (candidate: Endpoint) => void): void {
    const { seeds, clock } = this.options
    for (const seed of seeds) {
      const failures = { inARow: 0 }
      const alarm: Alarm = clock.alarm(() => void this.#look(seed, found, alarm, failures))
      this.#watches.push(alarm)
      alarm.set(clock.now())
    }
  }

  /** A lookup under way cannot be called back; its answer is ignored. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const alarm of this.#watches.splice(0)) alarm.set(undefined)
  }

  async #look(
    seed: Seed,
    found: (candidate: Endpoint) => void,
    alarm: Alarm,
    failures: { inARow: number },
  ): Promise<void> {
    const { clock, random, logger } = this.options
    let delayMs = REPEAT_MS
    try {
      const candidates = await this.#addressesOf(seed)
      if (this.#stopped) return
      failures.inARow = 0
      for (const candidate of candidates) found(candidate)
    } catch (error) {
      if (this.#stopped) return
      delayMs = backoffDelay(failures.inARow++, RETRY, random)
      const why = errnoOf(error) || messageOf(error)
      logger.log('warn', 'seed-not-resolved', { seed: formatSeed(seed), why, retryMs: Math.round(delayMs) })
    }
    alarm.set(clock.now() + delayMs)
  }

  async #addressesOf(seed: Seed): Promise<Endpoint[]> {
    if (seed.type === 'address') return [seed.at]
    const addresses = await (this.options.resolve ?? lookUp)(seed.host)
    // A link-local answer bears a zone, which is no canonical address: it would mean another host on each link.
    const usable = new Set(addresses.map(canonicalIp).filter((address) => address !== undefined))
    return [...usable].slice(0, ADDRESSES_MAX).map((address) => ({ address, port: seed.port }))
  }
}

/** As every program of this host would: /etc/hosts first, then DNS. */
async function lookUp(host: string): Promise<string[]> {
  return (await dns.lookup(host, { all: true })).map(({ address }) => address)
}
