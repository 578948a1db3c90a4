/**
 * Who dials the data link between two nodes, and with which keys. The node with the lower id makes fresh keys, hands
 * them over on the control link (OFFER), and has its lane dial when the other's lane expects it (ACCEPT). A data link
 * that breaks is offered again as long as the control link stands.
 */
import { type BackoffLimits, backoffDelay } from '../base/backoff.js'
import type { NodeId } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { TimerTable } from '../base/timer-table.js'

export type BrokerEvent =
  | { readonly type: 'control-up'; readonly peer: NodeId }
  | { readonly type: 'control-down'; readonly peer: NodeId }
  | { readonly type: 'data-up'; readonly peer: NodeId }
  | { readonly type: 'data-down'; readonly peer: NodeId }

/** `offer`: make keys and send them. `drop`: the lane is to forget the link. */
export type BrokerEffect = { readonly type: 'offer' | 'drop'; readonly peer: NodeId }

const BACKOFF: BackoffLimits = { firstMs: 100, maxMs: 5_000 }

/** An offer that leads to no link within this time is made again. */
const ANSWER_MS = 4_000

export class LinkBroker implements Machine<BrokerEvent, BrokerEffect> {
  /** Of each peer whose control link stands. */
  readonly #attempts = new Map<NodeId, number>()
  readonly #deadlines = new TimerTable<NodeId>()
  readonly #up = new Set<NodeId>()
  readonly #effects: BrokerEffect[] = []

  constructor(
    private readonly self: NodeId,
    private readonly random: Prng,
  ) {}

  handle(event: BrokerEvent, now: Millis): void {
    const { peer } = event
    const offers = this.self < peer
    switch (event.type) {
      case 'control-up':
        this.#attempts.set(peer, 0)
        if (offers) this.#offer(peer, now)
        break
      case 'control-down':
        this.#attempts.delete(peer)
        this.#deadlines.stop(peer)
        break
      case 'data-up':
        this.#up.add(peer)
        if (this.#attempts.has(peer)) this.#attempts.set(peer, 0)
        this.#deadlines.stop(peer)
        break
      case 'data-down':
        this.#up.delete(peer)
        if (offers && this.#attempts.has(peer)) this.#deadlines.set(peer, now + this.#delay(peer))
        break
    }
  }

  tick(now: Millis): void {
    for (const peer of this.#deadlines.expire(now)) if (!this.#up.has(peer)) this.#offer(peer, now)
  }

  poll(): BrokerEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    return this.#deadlines.next()
  }

  isUp(peer: NodeId): boolean {
    return this.#up.has(peer)
  }

  #offer(peer: NodeId, now: Millis): void {
    if (this.#up.has(peer)) return
    this.#effects.push({ type: 'offer', peer })
    this.#deadlines.set(peer, now + ANSWER_MS + this.#delay(peer))
  }

  #delay(peer: NodeId): Millis {
    const attempt = this.#attempts.get(peer) ?? 0
    this.#attempts.set(peer, attempt + 1)
    return backoffDelay(attempt, BACKOFF, this.random)
  }
}
