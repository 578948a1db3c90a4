/**
 * From election to data plane: gives each service that this node directs a lease slot, pushes its deadline forward at
 * each renewal, and tells the lane to begin and to stop. What the lane cannot do (an address that is not here, a port in
 * use) comes back as a reason to let another node direct.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { sameTerm, type Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { FromLane, ToLane } from '../proxy/lane-protocol.js'
import { LEASE_SLOTS_MAX, type LeaseSlots } from '../proxy/lease-slots.js'
import type { Reason } from '../proxy/reasons.js'

export interface Directed {
  readonly term: Term
  readonly slot: number
  state: 'starting' | 'serving'
}

/** A port that could not be listened on, kept until the service is served from here or changed. */
export interface Obstacle {
  readonly at: Endpoint
  readonly code: string
}

export class Directing {
  readonly #directed = new Map<string, Directed>()
  readonly #obstacles = new Map<string, Obstacle>()
  /**
   * Longest free first, and only after all that were never used: a lane that is late still looks at the slot of a lease
   * that is lost, and must not find another service's deadline there.
   */
  readonly #freeSlots: number[] = []
  #nextSlot = 0

  constructor(
    private readonly leases: LeaseSlots,
    private readonly post: (message: ToLane) => void,
  ) {}

  /** `false`: this node directs as many services as it has lease slots. */
  acquired(service: string, term: Term, deadline: Millis): boolean {
    this.lost(service, 'stale-term')
    const slot = this.#nextSlot < LEASE_SLOTS_MAX ? this.#nextSlot++ : this.#freeSlots.shift()
    if (slot === undefined) return false
    this.leases.set(slot, deadline)
    this.#directed.set(service, { term, slot, state: 'starting' })
    this.post({ type: 'direct', service, term, slot })
    return true
  }

  renewed(service: string, term: Term, deadline: Millis): void {
    const directed = this.#directed.get(service)
    if (directed !== undefined && sameTerm(directed.term, term)) this.leases.set(directed.slot, deadline)
  }

  lost(service: string, why: Reason): void {
    const directed = this.#directed.get(service)
    if (directed === undefined) return
    // The slot first: it stops the lane at its next chunk, before the message is read.
    this.leases.set(directed.slot, undefined)
    this.#directed.delete(service)
    this.post({ type: 'undirect', service, slot: directed.slot, why })
  }

  /**
   * The lane looks at that slot no more. Given away earlier, the next service's deadline would be taken for the lost one's
   * by a lane that has not read its messages yet.
   */
  released(slot: number): void {
    this.#freeSlots.push(slot)
  }

  /** What the lane says of a service: serving, or an obstacle. `false`: it speaks of a term that is over here. */
  heard(message: Extract<FromLane, { type: 'serving' | 'cannot-serve' }>): boolean {
    const directed = this.#directed.get(message.service)
    if (directed === undefined || !sameTerm(directed.term, message.term)) return false
    if (message.type === 'serving') {
      directed.state = 'serving'
      this.#obstacles.delete(message.service)
    } else this.#obstacles.set(message.service, { at: message.at, code: message.code })
    return true
  }

  /** The definition changed, or there is none any more: what was in the way may be gone. */
  forgetObstacle(service: string): void {
    this.#obstacles.delete(service)
  }

  get(service: string): Directed | undefined {
    return this.#directed.get(service)
  }

  obstacle(service: string): Obstacle | undefined {
    return this.#obstacles.get(service)
  }

  names(): string[] {
    return [...this.#directed.keys()]
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this host does not have the address: add it to an interface (`ip address add ADDRESS dev DEVICE`)',
  EADDRINUSE: 'another program listens there (`ss -ltnp` shows it): stop it, or bind it to the node’s own address',
  EACCES:
    'ports below 1024 need a privilege: run with CAP_NET_BIND_SERVICE or lower net.ipv4.ip_unprivileged_port_start',
  EMFILE: 'the process is out of descriptors: raise its limit (`ulimit -n`, LimitNOFILE=)',
}

/** For `why` and `status`: what is in the way, and the way out. */
export function describeObstacle(obstacle: Obstacle, node: string): string {
  const advice = ADVICE[obstacle.code]
  return `${node} cannot listen on ${formatEndpoint(obstacle.at)}: ${obstacle.code}${advice === undefined ? '' : `; ${advice}`}`
}

/** Which reasons of an ended lease are worth telling a client's backend apart. */
export function reasonOfLoss(stopping: boolean, present: boolean): Reason {
  if (stopping) return 'node-stopping'
  return present ? 'lease-lost' : 'service-removed'
}
