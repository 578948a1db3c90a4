/**
 * The order of a run. Idle memory first, each peer fresh and alone; then all peers up side by side, and in each round
 * every work on every peer, in an order drawn anew from the seed; at last latency, at half of what the slowest bore.
 */
import { Prng } from '../src/base/prng.js'
import { measure } from './load/measure.io.js'
import { startPrograms } from './load/programs.io.js'
import type { Options } from './options.js'
import { type Addresses, addressesOf, type Peer, type RunningPeer } from './peer.js'
import { spreadOf } from './statistics.js'
import { type Sample, WORKS, type Work, type WorkName } from './work.js'
import type { Workshop } from './workshop.io.js'

export interface Measured {
  readonly samples: Partial<Record<WorkName, Record<string, (Sample | undefined)[]>>>
  readonly failures: string[]
  /** Requests per second of the latency work. */
  readonly halfLoad: number | undefined
}

type Running = { readonly peer: Peer; readonly running: RunningPeer; readonly at: Addresses }

/** What starting and ending a load program takes besides. */
const OVERHEAD_S = 0.4
const IDLE_S = 15
const START_S = 8

/** An estimate, for who waits. */
export function secondsNeeded({ works, rounds, seconds, idleRounds }: Options, peers: number): number {
  const isIdle = works.includes('idle')
  const loads = works.length - (isIdle ? 1 : 0)
  const each = rounds * (seconds + OVERHEAD_S) + warmUpSeconds(seconds) + OVERHEAD_S
  return Math.ceil(peers * (loads * each + (loads > 0 ? START_S : 0) + (isIdle ? idleRounds * IDLE_S : 0)))
}

/** Unmeasured, once for each peer and work: code is compiled, buffers are there. */
export function warmUpSeconds(seconds: number): number {
  return Math.max(1, Math.floor(seconds / 2))
}

export class Run {
  readonly measured: Measured = { samples: {}, failures: [], halfLoad: undefined }
  readonly #shop: Workshop
  readonly #peers: readonly (readonly [Peer, Addresses])[]
  readonly #options: Options
  readonly #prng: Prng
  readonly #say: (line: string) => void

  constructor(shop: Workshop, peers: readonly Peer[], options: Options, say: (line: string) => void) {
    this.#shop = shop
    this.#peers = peers.map((peer, index) => [peer, addressesOf(index, peer.hops, process.pid, peer.ownAddress)])
    this.#options = options
    this.#prng = new Prng(options.seed)
    this.#say = say
  }

  async all(): Promise<Measured> {
    const { works } = this.#options
    await startPrograms(
      this.#shop,
      this.#peers.map(([, at]) => at.program),
    )
    let halfLoad: number | undefined
    if (works.includes('idle')) await this.#idle()
    const loads = works.filter((work) => work !== 'idle' && work !== 'latency')
    if (loads.length > 0 || works.includes('latency')) {
      const running = await this.#startAll()
      await this.#rounds(running, loads, 0)
      if (works.includes('latency')) {
        halfLoad = await this.#halfLoad(running)
        this.#say(`latency at ${halfLoad} requests per second`)
        await this.#rounds(running, ['latency'], halfLoad)
      }
      // What took another way meanwhile was not what is compared.
      for (const { running: one } of running) await one.check()
    }
    return { ...this.measured, halfLoad }
  }

  async #idle(): Promise<void> {
    const work = { ...WORKS.idle, connections: this.#idleConnections() }
    for (let round = 0; round < this.#options.idleRounds; round += 1) {
      for (const [peer, at] of this.#shuffled(this.#peers)) {
        const running = await peer.start(this.#shop, at)
        await running.check()
        await this.#sample({ peer, running, at }, 'idle', work, round, 0)
        await running.stop()
      }
    }
  }

  /** Two sockets each in a proxy, and some hundred for itself. */
  #idleConnections(): number {
    const possible = Math.floor((this.#shop.filesMax - 300) / 2)
    if (possible < this.#options.idleConnections) this.#say(`open files allow ${possible} idle connections only`)
    return Math.min(this.#options.idleConnections, possible)
  }

  async #startAll(): Promise<Running[]> {
    const all: Running[] = []
    for (const [peer, at] of this.#peers) {
      const running = await peer.start(this.#shop, at)
      await running.check()
      all.push({ peer, running, at })
    }
    return all
  }

  async #rounds(peers: readonly Running[], works: readonly WorkName[], perSecond: number): Promise<void> {
    const { rounds, seconds } = this.#options
    for (const work of works) {
      for (const one of peers) await this.#sample(one, work, WORKS[work], undefined, perSecond)
    }
    for (let round = 0; round < rounds; round += 1) {
      this.#say(`round ${round + 1} of ${rounds}, ${seconds} s each: ${works.join(', ')}`)
      for (const work of works) {
        for (const one of this.#shuffled(peers)) await this.#sample(one, work, WORKS[work], round, perSecond)
      }
    }
  }

  /** Without a round it is warm-up, and not kept. A failure leaves a hole, and is told at the end. */
  async #sample(
    { peer, running, at }: Running,
    name: WorkName,
    work: Work,
    round: number | undefined,
    perSecond: number,
  ) {
    const { seconds } = this.#options
    const series = this.#series(name, peer.name)
    try {
      const time = round === undefined ? warmUpSeconds(seconds) : seconds
      const sample = await measure(this.#shop, { peer: running, host: at.service }, work, time, perSecond)
      if (round !== undefined) series[round] = sample
    } catch (error) {
      if (this.#shop.isClosing) throw error
      const failure = `${peer.name}, ${name}, ${round === undefined ? 'warm-up' : `round ${round + 1}`}: ${error}`
      this.#say(failure)
      this.measured.failures.push(failure)
      if (round !== undefined) series[round] = undefined
    }
  }

  #series(work: WorkName, peer: string): (Sample | undefined)[] {
    this.measured.samples[work] ??= {}
    const ofWork = this.measured.samples[work]
    ofWork[peer] ??= []
    return ofWork[peer]
  }

  /** The same for all: half of what the slowest peer bore with 64 kept connections. */
  async #halfLoad(peers: readonly Running[]): Promise<number> {
    const rates: number[] = []
    for (const { peer, running, at } of peers) {
      const known = this.measured.samples['kept-64']?.[peer.name]?.flatMap((sample) => sample?.perSecond ?? []) ?? []
      const target = { peer: running, host: at.service }
      const found = spreadOf(known)?.median ?? (await measure(this.#shop, target, WORKS['kept-64'], 2)).perSecond
      if (found !== undefined) rates.push(found)
    }
    return Math.floor(Math.min(...rates) / 2)
  }

  #shuffled<T>(items: readonly T[]): T[] {
    return this.#prng.shuffle([...items])
  }
}
