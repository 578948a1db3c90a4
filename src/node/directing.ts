/**
 * From election to data plane: gives each lease that this node holds a slot in shared memory, pushes its deadline forward at
 * each renewal, has the address brought here, and tells the lanes to begin and to stop. What cannot be done (an address
 * that is another's, a port in use) comes back as a reason to let another node direct.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { assert } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { type NodeId, sameTerm, type Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { FromLane, MoveAnswer, ToLane } from '../proxy/lane-protocol.js'
import type { LeaseSlots } from '../proxy/lease-slots.js'
import { isForsaken, type Reason } from '../proxy/reasons.js'
import { isOwned, type Service } from '../proxy/service.js'
import { type AddressKeeper, NOTHING_TO_TAKE, type Taken } from './addresses/address-keeper.js'
import { SlotPool } from './lanes/slot-pool.js'
import type { CarriedLease } from './succession/handover-protocol.js'

export interface Directed {
  readonly term: Term
  readonly slot: number
  readonly state: 'starting' | 'serving'
}

/** What is in the way, kept until the service is served from here or changed. */
export type Obstacle =
  /** A port that could not be listened on. */
  { readonly at: Endpoint; readonly code: string } | { readonly why: string }

/** One lease: of an address with its services, or of one service (see `contestOf`). */
interface Held {
  readonly term: Term
  readonly slot: number
  readonly keeper: AddressKeeper
  deadline: Millis
  services: readonly Service[]
  /** `undefined`: the address is not here yet, and the lanes have not been told. */
  taken: Extract<Taken, { type: 'taken' }> | undefined
  readonly serving: Set<string>
  /** Services whose earlier splices are still asked for. */
  readonly recovering: Set<string>
  /** Services of whose earlier splices some may still turn up. */
  readonly unknown: Set<string>
  /** As the lanes know it. */
  standbys: readonly NodeId[]
  /** Under way to another node. */
  isMoving: boolean
  /** What lanes have been asked of all its services, and which have not answered. */
  asked: { readonly answer: 'quiet' | 'moved-out'; readonly waits: Set<string>; readonly then: () => void } | undefined
  /** Services whose connections hear and speak. */
  readonly open: Set<string>
}

export interface DirectingParts {
  readonly leases: LeaseSlots
  readonly clock: Pick<Clock, 'now'>
  readonly post: (message: ToLane) => void
  readonly keeper: AddressKeeper
  /** Who may have splices of an earlier director, this node among them. */
  readonly members: () => readonly NodeId[]
  /** Who would direct the contest next, in their order. */
  readonly standbys: (contest: string) => readonly NodeId[]
  /** The address of the contest cannot be had here: its services have the reason as an obstacle. */
  readonly onUnable: (contest: string) => void
  /** Its address is here, and all its connections hear and speak. */
  readonly onOpen?: (contest: string) => void
}

export class Directing {
  readonly #held = new Map<string, Held>()
  readonly #obstacles = new Map<string, Obstacle>()
  readonly #slots = new SlotPool()

  constructor(private readonly parts: DirectingParts) {}

  /** `services`: oldest first, at least one. `false`: this node holds as many leases as there are slots. */
  acquired(contest: string, term: Term, deadline: Millis, services: readonly Service[]): boolean {
    this.lost(contest, 'stale-term')
    const slot = this.#slots.take()
    if (slot === undefined) return false
    this.parts.leases.set(slot, deadline)
    const keeper = services.some(isOwned) ? this.parts.keeper : NOTHING_TO_TAKE
    const held = newlyHeld({ term, slot, keeper, deadline, services })
    this.#held.set(contest, held)
    keeper.take({ contest, term, deadline, slot, services }, (taken) => this.#onTaken(contest, held, taken))
    return true
  }

  /** What another process of this node has held; `undefined`: not everything is at rest. */
  carried(): CarriedLease[] | undefined {
    const rows: CarriedLease[] = []
    for (const [contest, { term, deadline, services, taken, serving, recovering, unknown, isMoving, asked }] of this
      .#held) {
      const isWhole = recovering.size === 0 && unknown.size === 0
      const isAtRest = isWhole && !isMoving && asked === undefined && services.every(({ name }) => serving.has(name))
      const [service] = services
      if (taken === undefined || service === undefined || !isAtRest) return undefined
      rows.push({ contest, term, deadline, given: taken.given, address: service.address })
    }
    return rows
  }

  /** Goes on with it: the address is here, and the lanes know its connections. */
  adopt({ contest, term, deadline, given }: CarriedLease, services: readonly Service[]): void {
    const slot = this.#slots.take()
    // The process before had no more of them, and this one has just begun.
    assert(slot !== undefined, 'there is a slot for each lease that goes on')
    this.parts.leases.set(slot, deadline)
    const keeper = services.some(isOwned) ? this.parts.keeper : NOTHING_TO_TAKE
    const held = newlyHeld({ term, slot, keeper, deadline, services })
    this.#held.set(contest, held)
    keeper.adopt({ contest, term, deadline, slot, services }, given, (taken) => this.#onTaken(contest, held, taken))
    held.taken = { type: 'taken', given }
    const standbys = this.parts.standbys(contest)
    held.standbys = standbys
    for (const { name: service } of services) this.parts.post({ type: 'direct', service, term, slot, given, standbys })
  }

  renewed(contest: string, term: Term, deadline: Millis): void {
    const held = this.#held.get(contest)
    if (held === undefined || !sameTerm(held.term, term)) return
    this.parts.leases.set(held.slot, deadline)
    held.deadline = deadline
    held.keeper.renewed(contest, deadline)
  }

  lost(contest: string, why: Reason): void {
    const held = this.#held.get(contest)
    if (held === undefined) return
    // The slot first: it stops the lanes at their next chunk, before the message is read.
    this.parts.leases.set(held.slot, undefined)
    this.#held.delete(contest)
    const release = () => held.keeper.release(contest, held.term)
    const told = held.taken === undefined ? [] : held.services
    // What ends in order tells the clients so, and needs the address for it; after the deadline it is another's, and what is
    // to go on elsewhere falls silent first.
    const isLate = this.parts.clock.now() >= held.deadline || told.length === 0 || isForsaken(why)
    if (isLate) release()
    for (const { name } of told) this.#undirect(name, held.slot, why)
    this.#slots.giveBack(held.slot, isLate ? undefined : release)
  }

  /** Programs listen on other ports now. */
  followPorts(): void {
    for (const [contest, { keeper, services }] of this.#held) keeper.follow(contest, services)
  }

  /** Nodes have come or gone. */
  followStandbys(): void {
    for (const [contest, held] of this.#held) {
      if (held.taken?.given !== true) continue
      const standbys = this.parts.standbys(contest)
      if (standbys.join() === held.standbys.join()) continue
      held.standbys = standbys
      for (const { name: service } of held.services) {
        this.parts.post({ type: 'standbys', service, term: held.term, standbys })
      }
    }
  }

  /** The services of the contest are these now. */
  follow(contest: string, services: readonly Service[]): void {
    const held = this.#held.get(contest)
    if (held === undefined || services.length === 0) return
    const before = held.services
    held.services = services
    held.keeper.follow(contest, services)
    // It may have found that the address is to come in another way now.
    if (this.#held.get(contest) !== held || held.taken === undefined) return
    const names = new Set(services.map(({ name }) => name))
    for (const { name } of before) {
      if (names.has(name)) continue
      held.serving.delete(name)
      this.#undirect(name, held.slot, 'service-removed')
      // Its lanes' word is not waited for.
      this.#answered(held, name)
    }
    const known = new Set(before.map(({ name }) => name))
    for (const { name } of services) if (!known.has(name)) this.#direct(name, held, held.taken)
  }

  /** No lane looks at the slot for that service any more. */
  released(slot: number): void {
    this.#slots.released(slot)
  }

  /** What the lane says of a service: serving, or an obstacle. `false`: it speaks of a term that is over here. */
  heard(message: Extract<FromLane, { readonly service: string; readonly term: Term }>): boolean {
    const { service } = message
    const [contest, held] = this.#of(service) ?? []
    if (contest === undefined || held === undefined || !sameTerm(held.term, message.term)) return false
    if (message.type === 'cannot-serve') {
      this.#obstacles.set(service, { at: message.at, code: message.code })
      return true
    }
    if (message.type === 'moved-out' || message.type === 'quiet') {
      this.#onAnswer(held, message)
      return true
    }
    if (message.type === 'let-gone') {
      held.open.add(service)
      if (this.isOpen(contest)) this.parts.onOpen?.(contest)
      return true
    }
    if (message.type === 'known') {
      if (held.unknown.delete(service) && held.unknown.size === 0) held.keeper.known(contest)
      return true
    }
    if (message.type === 'serving') {
      held.serving.add(service)
      this.#obstacles.delete(service)
    } else if (message.type === 'recovered') held.recovering.delete(service)
    this.#bringWhenReady(contest, held)
    return true
  }

  /** Its connections first, then the address: what comes for one that is not here yet would be answered with an RST. */
  #bringWhenReady(contest: string, held: Held): void {
    const { services, serving, recovering, keeper, term, isMoving } = held
    if (isMoving || recovering.size > 0 || !services.every(({ name }) => serving.has(name))) return
    keeper.ready(contest, () => {
      for (const { name: service } of services) this.parts.post({ type: 'let-go', service, term })
    })
  }

  /** There are, or may be, connections here that can go on elsewhere. */
  mayMove(contest: string): boolean {
    const held = this.#held.get(contest)
    return held?.taken?.given === true && !held.isMoving && held.recovering.size === 0
  }

  /** Its services take no new connections for now: `then` those that have come are served. */
  hush(contest: string, then: () => void): void {
    const held = this.#held.get(contest)
    if (held !== undefined) this.#ask(held, 'hush', 'quiet', then)
  }

  /** The address leaves this host, and then all that is known here of its connections; `then` another node may direct them. */
  moveOut(contest: string, then: () => void): void {
    const held = this.#held.get(contest)
    if (held === undefined) return
    held.keeper.release(contest, held.term)
    held.isMoving = true
    this.#ask(held, 'move-out', 'moved-out', then)
  }

  /** A move that came to nothing: this node goes on with what it had, as after a takeover. */
  moveBack(contest: string): void {
    const held = this.#held.get(contest)
    if (held?.isMoving === true) this.acquired(contest, held.term, held.deadline, held.services)
  }

  /** Directed, with all its connections, and not on the way to another node. */
  isSettled(contest: string): boolean {
    const held = this.#held.get(contest)
    return held?.taken !== undefined && !held.isMoving && held.recovering.size === 0
  }

  isMoving(contest: string): boolean {
    return this.#held.get(contest)?.isMoving === true
  }

  /** Its address is here, and all its connections hear and speak. */
  isOpen(contest: string): boolean {
    const held = this.#held.get(contest)
    return held !== undefined && !held.isMoving && held.services.every(({ name }) => held.open.has(name))
  }

  /** Of services that are not directed here yet. */
  hinder(services: readonly Service[], why: string): void {
    for (const { name } of services) this.#obstacles.set(name, { why })
  }

  /** The definition changed, or there is none any more: what was in the way may be gone. */
  forgetObstacle(service: string): void {
    this.#obstacles.delete(service)
  }

  get(service: string): Directed | undefined {
    const held = this.#of(service)?.[1]
    if (held === undefined) return undefined
    return { term: held.term, slot: held.slot, state: held.serving.has(service) ? 'serving' : 'starting' }
  }

  /** By which lease this node directs the service. */
  contestOf(service: string): string | undefined {
    return this.#of(service)?.[0]
  }

  obstacle(service: string): Obstacle | undefined {
    return this.#obstacles.get(service)
  }

  /** Served all the same, but not as it should be. */
  dispute(service: string): Obstacle | undefined {
    const held = this.#of(service)?.[1]
    const why = held?.keeper.dispute(held.services)
    return why === undefined ? undefined : { why }
  }

  /** The contests whose leases this node holds. */
  names(): string[] {
    return [...this.#held.keys()]
  }

  #ask(held: Held, type: 'hush' | 'move-out', answer: 'quiet' | 'moved-out', then: () => void): void {
    const { services, term } = held
    held.asked = { answer, waits: new Set(services.map(({ name }) => name)), then }
    for (const { name: service } of services) this.parts.post({ type, service, term })
  }

  #onAnswer(held: Held, { type, service }: MoveAnswer): void {
    if (held.asked?.answer === type) this.#answered(held, service)
  }

  #answered(held: Held, service: string): void {
    const { asked } = held
    if (asked?.waits.delete(service) !== true || asked.waits.size > 0) return
    held.asked = undefined
    asked.then()
  }

  #of(service: string): [contest: string, held: Held] | undefined {
    for (const entry of this.#held) if (entry[1].services.some(({ name }) => name === service)) return entry
    return undefined
  }

  #onTaken(contest: string, held: Held, taken: Taken): void {
    if (this.#held.get(contest) !== held) return
    if (taken.type === 'problem') {
      this.hinder(held.services, taken.why)
      return this.parts.onUnable(contest)
    }
    held.taken = taken
    held.standbys = this.parts.standbys(contest)
    for (const { name } of held.services) this.#direct(name, held, taken)
  }

  #direct(
    service: string,
    { term, slot, recovering, unknown, standbys }: Held,
    { given }: Extract<Taken, { type: 'taken' }>,
  ): void {
    if (!given) return this.parts.post({ type: 'direct', service, term, slot })
    recovering.add(service)
    unknown.add(service)
    this.parts.post({ type: 'direct', service, term, slot, given, members: this.parts.members(), standbys })
  }

  #undirect(service: string, slot: number, why: Reason): void {
    this.#slots.ending(slot)
    this.parts.post({ type: 'undirect', service, slot, why })
  }
}

function newlyHeld(lease: Pick<Held, 'term' | 'slot' | 'keeper' | 'deadline' | 'services'>): Held {
  const sets = {
    serving: new Set<string>(),
    recovering: new Set<string>(),
    unknown: new Set<string>(),
    open: new Set<string>(),
  }
  return { ...lease, ...sets, taken: undefined, standbys: [], isMoving: false, asked: undefined }
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this host does not have the address: add it to an interface (`ip address add ADDRESS dev DEVICE`)',
  EADDRINUSE: 'another program listens there (`ss -ltnp` shows it): stop it, or bind it to the node’s own address',
  EACCES:
    'ports below 1024 need a privilege: run with CAP_NET_BIND_SERVICE or lower net.ipv4.ip_unprivileged_port_start',
  EMFILE: 'the process is out of descriptors: raise its limit (`ulimit -n`, LimitNOFILE=)',
}

/** Of the first of these services that has any. */
export function obstacleOf(
  services: readonly Pick<Service, 'name'>[],
  directing: Pick<Directing, 'obstacle'>,
  node: string,
): { readonly service: string; readonly why: string } | undefined {
  for (const { name } of services) {
    const obstacle = directing.obstacle(name)
    if (obstacle !== undefined) return { service: name, why: describeObstacle(obstacle, node) }
  }
  return undefined
}

/** For `why` and `status`: what is in the way, and the way out. */
export function describeObstacle(obstacle: Obstacle, node: string): string {
  if ('why' in obstacle) return `${node} ${obstacle.why}`
  const advice = ADVICE[obstacle.code]
  return `${node} cannot listen on ${formatEndpoint(obstacle.at)}: ${obstacle.code}${advice === undefined ? '' : `; ${advice}`}`
}

/** Which reasons of an ended lease are worth telling a client's backend apart. */
export function reasonOfLoss(stopping: boolean, present: boolean): Reason {
  if (stopping) return 'node-stopping'
  return present ? 'lease-lost' : 'service-removed'
}
