/** By name: what a service can be scheduled by. */
import type { Prng } from '../../base/prng.js'
import { InOrder } from './in-order.js'
import { LeastConnections } from './least-connections.js'
import { Maglev } from './maglev.js'
import { RoundRobin } from './round-robin.js'
import type { ChoosingRules, Weighting } from './rules.js'
import type { Scheduler, UsageOf, WeightOf } from './scheduler.js'
import { SmoothWeighted } from './smooth-weighted.js'
import { SourceHash } from './source-hash.js'
import { WeightedTurns } from './weighted-turns.js'

export const SCHEDULERS = [
  'round-robin',
  'weighted',
  'least-connections',
  'source-hash',
  'maglev',
  'first',
  'failover',
] as const

export type SchedulerName = (typeof SCHEDULERS)[number]

export interface ScheduleParts {
  readonly usage: UsageOf
  readonly random: Prng
  readonly weight: WeightOf
}

export interface Schedule {
  /** A new one, with no turns taken. One belongs to each group of nodes of each port of a service. */
  make(): Scheduler
  /** When a node is full another one serves; otherwise it is waited for. */
  readonly spills: boolean
  /** Knows no weights, so a slow start has to be made by passing turns on. */
  readonly thins: boolean
}

/** A scheduler that only a newer release knows acts as round robin. */
export function scheduleFor({ scheduler, weighting }: ChoosingRules, parts: ScheduleParts): Schedule {
  const spills = scheduler !== 'failover'
  return { make: () => makeScheduler(scheduler, weighting, parts), spills, thins: makesThin(scheduler) }
}

function makeScheduler(name: string, weighting: Weighting, parts: ScheduleParts): Scheduler {
  const { usage, random, weight } = parts
  switch (name) {
    case 'weighted':
      return weighting === 'smooth' ? new SmoothWeighted(weight) : new WeightedTurns(weight)
    case 'least-connections':
      return new LeastConnections(usage, weight, random)
    case 'source-hash':
      return new SourceHash()
    case 'maglev':
      return new Maglev()
    case 'first':
    case 'failover':
      return new InOrder()
    default:
      return new RoundRobin()
  }
}

/** Those that bind clients to nodes do not: a client that was sent elsewhere meanwhile would move twice. */
function makesThin(name: string): boolean {
  return !['weighted', 'least-connections', 'source-hash', 'maglev', 'first', 'failover'].includes(name)
}
