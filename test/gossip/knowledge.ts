/** Writers of the replicated map for tests: nodes with a wall clock of their own, and random writes. */
import type { NodeId } from '../../src/base/ids.js'
import type { Prng } from '../../src/base/prng.js'
import type { Millis } from '../../src/base/time.js'
import type { Scalar } from '../../src/gossip/entry.js'
import { type Delta, Registry } from '../../src/gossip/registry.js'

export const WALL: Millis = 1_790_000_000_000

export function nodeId(index: number): NodeId {
  return index.toString(16).padStart(32, '0')
}

const VALUES: readonly Scalar[] = ['a', 'b', '', 0, 1.5, -7, true, false, null, 'ü'.repeat(9)]
const NAMES = ['service/web', 'service/db', 'setting/x']
const FIELDS = ['address', 'ports', 'local']

/** One random write or removal; returns what is to be told to others. */
export function randomWrite(registry: Registry, random: Prng, wall: Millis): Delta {
  const name = pick(NAMES, random)
  if (random.chance(0.2)) return registry.remove(name, wall)
  const changes: Record<string, Scalar> = {}
  for (let i = 0; i <= random.below(2); i++) changes[pick(FIELDS, random)] = pick(VALUES, random)
  return registry.write(name, changes, wall)
}

/** Deltas of several nodes that heard each other only partly, with clocks up to two hours apart. */
export function randomHistory(random: Prng, writes: number): Delta[] {
  const skews = [0, 1, 2].map(() => random.between(-3_600_000, 3_600_000))
  const registries = skews.map((_, index) => new Registry(nodeId(index + 1)))
  const history: Delta[] = []
  for (let i = 0; i < writes; i++) {
    const writer = random.below(registries.length)
    const wall = WALL + i * 10 + (skews[writer] ?? 0)
    const registry = registries[writer] as Registry
    history.push(randomWrite(registry, random, wall))
    const heard = history[random.below(history.length)]
    if (heard !== undefined && random.chance(0.5)) registry.merge(heard, wall)
  }
  return history
}

export function pick<T>(items: readonly T[], random: Prng): T {
  return items[random.below(items.length)] as T
}

export function seeds(count: number): number[] {
  const given = process.env['SEED']
  return given === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(given)]
}
