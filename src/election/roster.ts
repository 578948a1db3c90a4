/** Who is there: who lives, what they say of themselves, to whom there is a link, and so who is preferred for what. */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { ORDINARY, type ServiceRules, type Standing } from './ports.js'
import { type OwnOrder, Preferences, weight } from './preference.js'

export class Roster {
  readonly #alive = new Set<NodeId>()
  readonly #standings = new Map<NodeId, Standing>()
  readonly #linkedSince = new Map<NodeId, Millis>()
  readonly #deadSince = new Map<NodeId, Millis>()
  readonly #buried = new Map<NodeId, Millis>()
  readonly #boots = new Map<NodeId, number>()
  readonly #services = new Set<string>()
  readonly #ownOrders = new Map<string, OwnOrder>()
  readonly #orders = new Map<string, readonly NodeId[]>()
  /** Of each service, what it weighs on each node: hashing is most of what a change of members costs. */
  readonly #weights = new Map<string, Map<NodeId, number>>()
  readonly #ranks = new Map<string, number>()
  #preferences: Preferences | undefined

  constructor(
    private readonly self: NodeId,
    private readonly startedAt: Millis,
  ) {
    this.#alive.add(self)
  }

  setMember(node: NodeId, alive: boolean, standing: Standing, now: Millis): void {
    this.#standings.set(node, standing)
    this.#setAlive(node, alive || node === this.self, now)
  }

  /** Its process is gone, whatever membership still believes. */
  bury(node: NodeId, now: Millis): void {
    this.#buried.set(node, now)
    this.#setAlive(node, false, now)
  }

  /** Known to have ended since then, though others may not know it yet. */
  isBuried(node: NodeId, since: Millis): boolean {
    return (this.#buried.get(node) ?? Number.NEGATIVE_INFINITY) >= since
  }

  /** It has started anew since it was linked last. */
  isReborn(node: NodeId, boot: number): boolean {
    return (this.#boots.get(node) ?? boot) < boot
  }

  /** Its life, as its link says; 0 before the first. */
  boot(node: NodeId): number {
    return this.#boots.get(node) ?? 0
  }

  /** The life of every peer that was ever linked. */
  get boots(): readonly (readonly [node: NodeId, boot: number])[] {
    return [...this.#boots]
  }

  resume(boots: readonly (readonly [node: NodeId, boot: number])[]): void {
    for (const [node, boot] of boots) this.#boots.set(node, boot)
  }

  linkUp(node: NodeId, boot: number, now: Millis): void {
    this.#boots.set(node, boot)
    this.#linkedSince.set(node, now)
    // Who speaks to us lives; membership may have been told of its death a moment ago.
    this.#setAlive(node, true, now)
  }

  linkDown(node: NodeId): void {
    this.#linkedSince.delete(node)
  }

  setService(service: string, present: boolean): void {
    if (present === this.#services.has(service)) return
    if (present) this.#services.add(service)
    else this.#services.delete(service)
    if (!present) this.#orders.delete(service)
    this.#weights.delete(service)
    if (!present) this.#ownOrders.delete(service)
    this.#preferences = undefined
  }

  setRules(service: string, { order, keptOut = [], priorities = [] }: ServiceRules): void {
    if (order === undefined) this.#orders.delete(service)
    else this.#orders.set(service, order)
    const isOwn = keptOut.length > 0 || priorities.length > 0
    if (!isOwn && !this.#ownOrders.has(service)) return
    if (isOwn) this.#ownOrders.set(service, { keptOut: new Set(keptOut), priorities: new Map(priorities) })
    else this.#ownOrders.delete(service)
    this.#preferences = undefined
  }

  /** Whether this node may stand for a service of such rules. */
  isCandidate({ order, keptOut }: ServiceRules): boolean {
    if (keptOut?.includes(this.self) === true) return false
    return order === undefined ? !this.standing(this.self).drained : order.includes(this.self)
  }

  standing(node: NodeId): Standing {
    return this.#standings.get(node) ?? ORDINARY
  }

  /** This node reaches itself. */
  reaches(node: NodeId): boolean {
    return node === this.self || this.#linkedSince.has(node)
  }

  linked(): NodeId[] {
    return [...this.#linkedSince.keys()]
  }

  linkedSince(node: NodeId): Millis | undefined {
    return this.#linkedSince.get(node)
  }

  /** Since when a node is taken for dead; one that was never heard of, since this node runs. */
  goneSince(node: NodeId): Millis | undefined {
    return this.#alive.has(node) ? undefined : (this.#deadSince.get(node) ?? this.startedAt)
  }

  order(service: string): NodeId[] {
    const given = this.#orders.get(service)
    return given === undefined ? this.#preference().order(service) : given.filter((node) => this.#alive.has(node))
  }

  rank(service: string): number {
    if (this.#orders.has(service)) {
      const order = this.order(service)
      return order.includes(this.self) ? order.indexOf(this.self) : order.length
    }
    const preferences = this.#preference()
    const rank = this.#ranks.get(service) ?? preferences.rank(service, this.self)
    this.#ranks.set(service, rank)
    return rank
  }

  #setAlive(node: NodeId, alive: boolean, now: Millis): void {
    if (!alive && !this.#deadSince.has(node)) this.#deadSince.set(node, now)
    if (alive) this.#deadSince.delete(node)
    if (alive) this.#alive.add(node)
    else this.#alive.delete(node)
    this.#preferences = undefined
  }

  #preference(): Preferences {
    if (this.#preferences === undefined) {
      this.#ranks.clear()
      const candidates = [...this.#alive]
        .map((node) => ({ node, ...this.standing(node) }))
        .filter(({ directs }) => directs)
      const weightOf = (service: string, node: NodeId) => this.#weight(service, node)
      const services = [...this.#services].filter((service) => !this.#orders.has(service))
      this.#preferences = new Preferences(services, candidates, weightOf, this.#ownOrders)
    }
    return this.#preferences
  }

  #weight(service: string, node: NodeId): number {
    const weights = this.#weights.get(service) ?? new Map<NodeId, number>()
    this.#weights.set(service, weights)
    const known = weights.get(node) ?? weight(service, node)
    weights.set(node, known)
    return known
  }
}
