import { hash32 } from '../base/hash.js'
import type { NodeId } from '../base/ids.js'
import type { Standing } from './ports.js'

/** A node that may direct, and what it says of itself. */
export interface Candidate extends Pick<Standing, 'priority' | 'capability'> {
  readonly node: NodeId
}

/** What goes for one service alone. Such a service takes no part in the spreading of the others. */
export interface OwnOrder {
  readonly keptOut: ReadonlySet<NodeId>
  readonly priorities: ReadonlyMap<NodeId, number>
}

/**
 * Which node each service prefers, the same on every node that knows of the same services and candidates. Router priority
 * decides first, then what the host can do, then rendezvous hashing of service and node (Thaler and Ravishankar 1998) with
 * bounded loads (after Mirrokni, Thorup and Zadimoghaddam 2016): of equal candidates none is the first for more than its
 * share, rounded up. So directors spread evenly, and a node that goes moves little but its own.
 */
export class Preferences {
  readonly #first = new Map<string, NodeId>()
  readonly #top: readonly Candidate[]

  /** `weightOf` is asked often: the caller keeps what it has computed. */
  constructor(
    services: Iterable<string>,
    private readonly candidates: readonly Candidate[],
    private readonly weightOf: (service: string, node: NodeId) => number = weight,
    private readonly ownOrders: ReadonlyMap<string, OwnOrder> = new Map(),
  ) {
    const best = [...candidates].sort(compareTiers)[0]
    this.#top = best === undefined ? [] : candidates.filter((candidate) => compareTiers(candidate, best) === 0)
    this.#spread([...services].filter((service) => !ownOrders.has(service)))
  }

  /** All candidates, the most preferred first. */
  order(service: string): NodeId[] {
    const candidates = this.#candidatesOf(service)
    return [...candidates].sort((a, b) => this.#compare(service, a, b)).map(({ node }) => node)
  }

  /** How many are preferred to `node`; as many as there are if it is no candidate. */
  rank(service: string, node: NodeId): number {
    const candidates = this.#candidatesOf(service)
    const own = candidates.find((candidate) => candidate.node === node)
    const before = (other: Candidate) => own === undefined || this.#compare(service, other, own) < 0
    return candidates.filter(before).length
  }

  #candidatesOf(service: string): readonly Candidate[] {
    const own = this.ownOrders.get(service)
    if (own === undefined) return this.candidates
    const able = this.candidates.filter(({ node }) => !own.keptOut.has(node))
    return able.map((one) => ({ ...one, priority: own.priorities.get(one.node) ?? one.priority }))
  }

  /** In an order that is the same everywhere: each takes its best candidate that has room. */
  #spread(services: readonly string[]): void {
    const share = Math.ceil(services.length / Math.max(1, this.#top.length))
    const loads = new Map<NodeId, number>()
    const turns = services.map((service) => ({ service, turn: hash32(service) }))
    turns.sort((a, b) => a.turn - b.turn || (a.service < b.service ? -1 : 1))
    for (const { service } of turns) {
      let best: NodeId | undefined
      let bestWeight = -1
      for (const { node } of this.#top) {
        const own = this.weightOf(service, node)
        if ((loads.get(node) ?? 0) >= share || own < bestWeight) continue
        if (own === bestWeight && best !== undefined && best < node) continue
        best = node
        bestWeight = own
      }
      if (best === undefined) continue
      loads.set(best, (loads.get(best) ?? 0) + 1)
      this.#first.set(service, best)
    }
  }

  #compare(service: string, a: Candidate, b: Candidate): number {
    const tier = compareTiers(a, b)
    if (tier !== 0 || a.node === b.node) return tier
    const first = this.#first.get(service)
    if (a.node === first || b.node === first) return a.node === first ? -1 : 1
    return this.weightOf(service, b.node) - this.weightOf(service, a.node) || (a.node < b.node ? -1 : 1)
  }
}

/** How much a service wants to be on a node, before anything else is looked at. */
export function weight(service: string, node: NodeId): number {
  return hash32(`${service} ${node}`)
}

function compareTiers(a: Candidate, b: Candidate): number {
  return b.priority - a.priority || b.capability - a.capability
}
