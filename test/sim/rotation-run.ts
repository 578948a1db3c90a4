/** Many rotations on an ordinary network, and what came of them. */
import { Prng } from '../../src/base/prng.js'
import { nameOf } from './laws.js'
import { QuietCluster } from './quiet-cluster.js'
import { Rotators } from './rotators.js'
import type { BrokenKeys } from './sim-keys.js'
import { SimKeys } from './sim-keys.js'

const SERVICE = 'web'

export interface RotationRun {
  readonly rotations: number
  readonly ms: number
  /** Who was doubted or taken for dead, and by whom. */
  readonly suspicions: readonly string[]
  /** Datagrams that came and could not be opened, replays but for. */
  readonly unopened: number
  /** The most that ever directed the service at one instant, seen after each step. */
  readonly directors: number
}

export function calmRotations(options: {
  seed: number
  nodes: number
  rotations: number
  broken?: BrokenKeys
  rash?: boolean
}): RotationRun {
  const random = new Prng(options.seed)
  const first = random.bytes(32)
  const suspicions: string[] = []
  let [unopened, directors] = [0, 0]
  const cluster = new QuietCluster({
    nodes: options.nodes,
    profile: 'lan',
    seed: options.seed,
    keysOf: () => new SimKeys(first, options.broken),
    onLog: (host, event, { name, state }) => {
      if (event === 'member' && state !== 'alive') suspicions.push(`${nameOf(host)} takes ${name} for ${state}`)
    },
    onUnopened: (_host, _from, why) => {
      if (why === 'key') unopened++
    },
  })
  cluster.addServices([SERVICE])
  cluster.run(3_000)
  const rotators = new Rotators(cluster.hosts, random, options.rash)
  const startedAt = cluster.now
  while (rotators.rotations < options.rotations && cluster.now - startedAt < options.rotations * 5_000) {
    rotators.step()
    // Rash ones do not even wait until a step is everywhere.
    cluster.run(options.rash === true ? random.between(0, 4) : random.between(20, 200))
    directors = Math.max(directors, cluster.hosts.filter((host) => host.acts(SERVICE)).length)
  }
  return { rotations: rotators.rotations, ms: cluster.now - startedAt, suspicions, unopened, directors }
}
