/**
 * One run of a cluster under faults that are all drawn from one seed: first safety, with faults of every kind, then
 * liveness, without. `undefined` if no law was broken.
 */
import { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import { type ClusterOptions, MembershipCluster } from './membership.js'
import { LOSSY } from './membership-cast.js'
import { disagreement, falseVerdicts, Laws } from './membership-laws.js'

const FAULTS_MS: Millis = 60_000
const LOOK_MS: Millis = 100
const SEED_EVERY_MS: Millis = 10_000
/** After the faults all views must be true within this. The longest of 2,000 seeds is in docs/membership.md. */
export const HEAL_MS: Millis = 15_000
/** Then, for this long, nobody alive may be taken for dead. */
const CALM_MS: Millis = 20_000

export interface SwarmResult {
  readonly broken: string | undefined
  /** From the end of the faults until all views were true. */
  readonly healedMs: Millis
  readonly nodeSeconds: number
}

export function runSwarm(seed: number, options: Partial<ClusterOptions> = {}): SwarmResult {
  return new Swarm(seed, options).run()
}

class Swarm {
  readonly #random: Prng
  readonly #cluster: MembershipCluster
  readonly #laws: Laws

  constructor(seed: number, options: Partial<ClusterOptions>) {
    const random = new Prng(seed)
    this.#random = random
    const weather = {
      loss: random.unit() * 0.2,
      duplication: random.unit() * 0.1,
      delayMinMs: 0.1,
      delayMaxMs: random.between(0.5, 20),
      tail: random.unit() * 0.1,
      tailMs: 200,
    }
    const size = 2 + random.below(7)
    this.#cluster = new MembershipCluster({
      size,
      seed,
      weather,
      drift: 500e-6,
      links: random.chance(0.5),
      ...options,
    })
    this.#laws = new Laws(this.#cluster)
  }

  run(): SwarmResult {
    const cluster = this.#cluster
    cluster.startAll()
    this.#offerSeeds(cluster.nodes.map(({ index }) => index))
    const end = (broken: string | undefined, healedMs = 0): SwarmResult => {
      return { broken, healedMs, nodeSeconds: (cluster.now * cluster.nodes.length) / 1_000 }
    }
    const wrong = this.#watch(FAULTS_MS, true) ?? this.#longCut()
    if (wrong !== undefined) return end(wrong)

    this.#healAll()
    const healedAt = cluster.now
    while (disagreement(cluster) !== undefined) {
      const broken = this.#watch(LOOK_MS, false)
      if (broken !== undefined) return end(broken)
      if (cluster.now - healedAt > HEAL_MS) return end(`${HEAL_MS} ms after the faults: ${disagreement(cluster)}`)
    }
    const healedMs = cluster.now - healedAt
    cluster.run(2_000)
    const seen = cluster.seen.length
    const broken = this.#watch(CALM_MS, false)
    if (broken !== undefined) return end(broken, healedMs)
    const [verdict] = falseVerdicts(cluster, seen)
    return end(verdict && `false positive: node ${verdict.by} calls ${verdict.about} down: ${verdict.why}`, healedMs)
  }

  /** The first broken law within that time. */
  #watch(ms: Millis, faults: boolean): string | undefined {
    const cluster = this.#cluster
    let faultAt = cluster.now + (faults ? this.#random.between(200, 3_000) : Number.POSITIVE_INFINITY)
    for (const end = cluster.now + ms; cluster.now < end; ) {
      cluster.run(LOOK_MS)
      const broken = this.#laws.broken()
      if (broken !== undefined) return broken
      if (cluster.now < faultAt) continue
      this.#fault()
      faultAt = cluster.now + this.#random.between(200, 4_000)
    }
    return undefined
  }

  /** Longer than a candidate lives, and some nodes start anew on the wrong side of it. */
  #longCut(): string | undefined {
    const cluster = this.#cluster
    if (this.#random.chance(0.5)) return undefined
    const sides = cluster.nodes.map(() => this.#random.below(3))
    cluster.partition((index) => sides[index] ?? 0)
    for (const { index, up } of cluster.nodes) if (up && this.#random.chance(0.5)) cluster.restart(index)
    return this.#watch(100_000, false)
  }

  #fault(): void {
    const cluster = this.#cluster
    const random = this.#random
    const some = () => cluster.node(random.below(cluster.nodes.length))
    const node = some()
    const faults: (() => void)[] = [
      () => node.up && cluster.crash(node.index),
      () => cluster.restart(node.index),
      () => this.#restartEmpty(node.index),
      () => node.up && this.#leave(node.index),
      () => cluster.pause(node.index, random.between(20, 5_000)),
      () => cluster.suspend(node.index, random.between(20, 5_000)),
      () => cluster.cut(node.index, some().index),
      () => this.#cutOff(node.index, random.below(3)),
      () => {
        const sides = cluster.nodes.map(() => random.below(2))
        cluster.partition((index) => sides[index] ?? 0)
      },
      () => cluster.heal(),
      () => cluster.heal(),
    ]
    faults[random.below(faults.length)]?.()
  }

  /** `way` 0: it hears nobody, 1: nobody hears it, 2: both. */
  #cutOff(node: number, way: number): void {
    for (const { index } of this.#cluster.nodes) {
      if (index === node) continue
      if (way !== 1) this.#cluster.cut(index, node)
      if (way !== 0) this.#cluster.cut(node, index)
    }
  }

  #leave(index: number): void {
    const { life } = this.#cluster.node(index)
    this.#cluster.feed(index, { type: 'leave' })
    this.#cluster.queue.add(this.#cluster.now + 200, () => {
      if (this.#cluster.node(index).life === life) this.#cluster.crash(index)
    })
  }

  #restartEmpty(index: number): void {
    this.#cluster.restart(index, 'nothing')
    this.#offerSeeds([index])
  }

  /** Discovery repeats itself: here it names two of all, which may be down. */
  #offerSeeds(indexes: readonly number[]): void {
    const { nodes, queue } = this.#cluster
    for (const index of indexes) {
      const { life } = this.#cluster.node(index)
      const offer = () => {
        if (this.#cluster.node(index).life !== life) return
        for (const seed of [0, 1])
          this.#cluster.feed(index, { type: 'candidate', at: { address: nodes[seed]?.address ?? '', port: 7000 } })
        queue.add(this.#cluster.now + SEED_EVERY_MS, offer)
      }
      offer()
    }
  }

  #healAll(): void {
    const cluster = this.#cluster
    cluster.heal()
    cluster.weather = LOSSY
    for (const { index, up, disk } of cluster.nodes) {
      const left = cluster.memberAt(index, index)?.state === 'left'
      // Half of the crashed stay so, but not the seeds.
      if (left || (!up && (index < 2 || this.#random.chance(0.5)))) cluster.restart(index)
      // Who never met anybody has nobody to ask but its seeds.
      if (disk.size === 0) this.#offerSeeds([index])
    }
  }
}
