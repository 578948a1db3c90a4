/**
 * Handing a service back to a more preferred node that has returned, for services that ask for it. Nobody likes a service
 * that goes to and fro: the node must have been there for a while, and each hand-over doubles the wait for the next.
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ElectionConfig } from './config.js'
import type { Elector } from './elector.js'
import type { Roster } from './roster.js'

const DOUBLINGS_MAX = 6

export class Failback {
  readonly #times = new Map<string, number>()

  constructor(
    private readonly self: NodeId,
    private readonly config: ElectionConfig,
    private readonly roster: Roster,
  ) {}

  /** To whom this node should hand over now. */
  target(service: string, state: Elector['state'], now: Millis): NodeId | undefined {
    if (state.phase !== 'holding' || state.alone) return undefined
    const [first] = this.roster.order(service)
    if (first === undefined || first === this.self) return undefined
    const times = Math.min(DOUBLINGS_MAX, this.#times.get(service) ?? 0)
    const waitMs = this.config.failbackAfterMs * 2 ** times
    const linkedSince = this.roster.linkedSince(first) ?? Number.POSITIVE_INFINITY
    return now >= Math.max(linkedSince, state.since) + waitMs ? first : undefined
  }

  handedOver(service: string): void {
    this.#times.set(service, (this.#times.get(service) ?? 0) + 1)
  }

  forget(service: string): void {
    this.#times.delete(service)
  }
}
