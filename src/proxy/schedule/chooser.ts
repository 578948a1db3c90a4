/**
 * The choice of a node for each connection to one port of a service: who may serve at all, in which tier, within the limit of
 * connections, and then by the service's scheduler. Pure: time, randomness and counts are handed in.
 */
import type { NodeId } from '../../base/ids.js'
import type { Prng } from '../../base/prng.js'
import type { Millis } from '../../base/time.js'
import { effectiveWeight, type Seniority, startShare } from './effective-weight.js'
import { type Group, groupsOf } from './groups.js'
import type { ChoosingRules } from './rules.js'
import type { Candidate, Excluded, Scheduler, UsageOf } from './scheduler.js'
import { type Schedule, scheduleFor } from './schedulers.js'

export interface ChooserParts {
  readonly usage: UsageOf
  readonly random: Prng
  readonly now: () => Millis
  /** One for all ports of a service. */
  readonly seniority: Seniority
}

const SCHEDULERS_KEPT_MAX = 16

/** `full`: some node could serve, and none has room now. */
export type Choice<C extends Candidate> = C | 'full' | undefined

const NOBODY: ReadonlySet<NodeId> = new Set()

export class Chooser implements Excluded {
  readonly #schedule: Schedule
  readonly #schedulers = new Map<string, Scheduler>()
  #given: readonly Candidate[] = []
  #groups: readonly Group[] = []
  #tried: ReadonlySet<NodeId> = NOBODY
  #now: Millis = 0

  constructor(
    private readonly rules: ChoosingRules,
    private readonly parts: ChooserParts,
  ) {
    const weight = (candidate: Candidate) => {
      return effectiveWeight(candidate, rules, parts.seniority.forMs(candidate.node, this.#now))
    }
    this.#schedule = scheduleFor(rules, { usage: parts.usage, random: parts.random, weight })
  }

  /** `candidates`: as a `Scheduler` takes them. `tried`: nodes that this connection has been refused by. */
  pick<C extends Candidate>(candidates: readonly C[], tried: ReadonlySet<NodeId>, client: string): Choice<C> {
    this.#now = this.parts.now()
    this.#tried = tried
    if (candidates !== this.#given) this.#adopt(candidates)
    let isFull = false
    for (let i = 0; i < this.#groups.length; i++) {
      const group = this.#groups[i] as Group
      const members = group.members as readonly C[]
      const chosen = this.#pickFrom(group.key, members, client)
      if (chosen !== undefined) return chosen
      isFull ||= members.some(({ node }) => !tried.has(node))
      const next = this.#groups[i + 1]
      const isLast = next === undefined || next.tier !== group.tier
      if (isFull && (isLast || !this.#schedule.spills)) return 'full'
    }
    return undefined
  }

  // --- who is out, as schedulers ask ---

  get size(): number {
    return this.#tried.size
  }

  has(node: NodeId): boolean {
    return this.#tried.has(node) || this.#isFull(node)
  }

  #isFull(node: NodeId): boolean {
    const { nodeConnections } = this.rules
    return nodeConnections > 0 && this.parts.usage.of(node) >= nodeConnections
  }

  #pickFrom<C extends Candidate>(key: string, members: readonly C[], client: string): C | undefined {
    let scheduler = this.#schedulers.get(key)
    if (scheduler === undefined) {
      scheduler = this.#schedule.make()
      this.#schedulers.set(key, scheduler)
    }
    if (!this.#schedule.spills) return this.#firstInOrder(scheduler, members)
    const chosen = scheduler.pick(members, this, client)
    if (chosen === undefined || !this.#schedule.thins || this.rules.slowStartMs === 0) return chosen
    return this.#isThinnedOut(chosen) ? (scheduler.pick(members, this, client) ?? chosen) : chosen
  }

  /** All to the first that was not tried, be it full. */
  #firstInOrder<C extends Candidate>(scheduler: Scheduler, members: readonly C[]): C | undefined {
    const first = scheduler.pick(members, this.#tried)
    return first === undefined || this.#isFull(first.node) ? undefined : first
  }

  /** Schedulers without weights give a node that starts slowly its turns, of which it passes on some by lot. */
  #isThinnedOut({ node }: Candidate): boolean {
    const { random, seniority } = this.parts
    return !random.chance(startShare(seniority.forMs(node, this.#now), this.rules.slowStartMs))
  }

  #adopt(candidates: readonly Candidate[]): void {
    this.#given = candidates
    this.#groups = groupsOf(candidates, this.rules.local)
    const keys = new Set(this.#groups.map(({ key }) => key))
    // Bounded: as many tiers as priorities that were ever used would be kept otherwise.
    if (this.#schedulers.size > SCHEDULERS_KEPT_MAX) {
      for (const key of this.#schedulers.keys()) if (!keys.has(key)) this.#schedulers.delete(key)
    }
  }
}
