/**
 * Who dials the data links between two nodes, and when. One link for each pair of lanes: pair k joins lane k mod n here
 * with lane k mod m there, so that each lane has a link of its own to every peer. One of the two makes fresh
 * keys, hands them over on the control link (OFFER), and has its lane dial when the other's lane expects it (ACCEPT). A
 * data link that breaks is offered again as long as the control link stands.
 *
 * The one is whoever dialled the control link, since it reaches the other for certain: a node behind a NAT reaches others, and they
 * do not reach it. Where that says nothing, or the peer is of an earlier release, it is the node with the lower id.
 */
import { type BackoffLimits, backoffDelay } from '../../base/backoff.js'
import type { NodeId } from '../../base/ids.js'
import type { Machine } from '../../base/machine.js'
import type { Prng } from '../../base/prng.js'
import type { Millis } from '../../base/time.js'
import { TimerTable } from '../../base/timer-table.js'
import { FEATURES } from '../../trunk/hello.js'
import type { LinkedPeer } from '../../trunk/ports.js'

export type BrokerEvent =
  /** `offers`: this node does; the lower id, if that is not given. */
  | { readonly type: 'control-up'; readonly peer: NodeId; readonly offers?: boolean }
  | { readonly type: 'control-down'; readonly peer: NodeId }
  | { readonly type: 'data-up' | 'data-down'; readonly peer: NodeId; readonly pair: number }
  /** The peer has said how many lanes it has. */
  | { readonly type: 'lanes'; readonly peer: NodeId; readonly lanes: number }

/** Make keys and send them. */
export interface BrokerEffect {
  readonly type: 'offer'
  readonly peer: NodeId
  readonly pair: number
}

/** Splices wait while a link is replaced: the first pause is short. */
const BACKOFF: BackoffLimits = { firstMs: 20, maxMs: 5_000 }

/** An offer that leads to no link within this time is made again. */
const ANSWER_MS = 4_000

/** A host with more cores shares links among its lanes: beyond this, more of them carry nothing faster. */
export const PAIRS_MAX = 64

/** After two attempts. */
const LACKING_MS: Millis = 2 * ANSWER_MS

interface Peer {
  readonly offers: boolean
  pairs: number
  /** Of each pair, offers in a row that led to no link. */
  readonly attempts: number[]
}

type PairKey = `${number} ${NodeId}`

export class LinkBroker implements Machine<BrokerEvent, BrokerEffect> {
  /** Those whose control link stands. */
  readonly #peers = new Map<NodeId, Peer>()
  readonly #deadlines = new TimerTable<PairKey>()
  readonly #up = new Set<PairKey>()
  /** The control link stands, and the first pair does not. */
  readonly #lackingSince = new Map<NodeId, Millis>()
  readonly #effects: BrokerEffect[] = []

  constructor(
    private readonly self: NodeId,
    /** Of this node. */
    private readonly lanes: number,
    private readonly random: Prng,
  ) {}

  handle(event: BrokerEvent, now: Millis): void {
    const { peer } = event
    switch (event.type) {
      case 'control-up':
        this.#peers.set(peer, { offers: event.offers ?? this.self < peer, pairs: 0, attempts: [] })
        if (!this.isUp(peer)) this.#lackingSince.set(peer, now)
        this.#extend(peer, this.lanes, now)
        break
      case 'control-down':
        for (let pair = this.#peers.get(peer)?.pairs ?? 0; pair > 0; pair--) this.#deadlines.stop(key(peer, pair - 1))
        this.#peers.delete(peer)
        this.#lackingSince.delete(peer)
        break
      case 'lanes':
        this.#extend(peer, event.lanes, now)
        break
      case 'data-up': {
        this.#up.add(key(peer, event.pair))
        if (event.pair === 0) this.#lackingSince.delete(peer)
        const attempts = this.#peers.get(peer)?.attempts
        if (attempts !== undefined) attempts[event.pair] = 0
        this.#deadlines.stop(key(peer, event.pair))
        break
      }
      case 'data-down':
        this.#up.delete(key(peer, event.pair))
        // Each attempt that fails ends so, too.
        if (event.pair === 0 && this.#peers.has(peer) && !this.#lackingSince.has(peer))
          this.#lackingSince.set(peer, now)
        if (this.#offersTo(peer) && event.pair < (this.#peers.get(peer)?.pairs ?? 0)) {
          this.#deadlines.set(key(peer, event.pair), now + this.#delay(peer, event.pair))
        }
        break
    }
  }

  tick(now: Millis): void {
    for (const due of this.#deadlines.expire(now)) {
      const [pair = '', peer = ''] = due.split(' ')
      this.#offer(peer, Number(pair), now)
    }
  }

  poll(): BrokerEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    return this.#deadlines.next()
  }

  isUp(peer: NodeId, pair = 0): boolean {
    return this.#up.has(key(peer, pair))
  }

  /** It was tried more than once, and there is none. */
  isLacking(peer: NodeId, now: Millis): boolean {
    const since = this.#lackingSince.get(peer)
    return since !== undefined && now - since >= LACKING_MS
  }

  /** As many pairs as the node with more lanes has lanes; the peer refuses more than PAIRS_MAX. */
  #extend(peer: NodeId, lanes: number, now: Millis): void {
    const known = this.#peers.get(peer)
    if (known === undefined || !this.#offersTo(peer)) return
    for (const wanted = Math.min(PAIRS_MAX, lanes); known.pairs < wanted; known.pairs++) {
      known.attempts.push(0)
      this.#offer(peer, known.pairs, now)
    }
  }

  #offersTo(peer: NodeId): boolean {
    return this.#peers.get(peer)?.offers ?? false
  }

  #offer(peer: NodeId, pair: number, now: Millis): void {
    if (this.#up.has(key(peer, pair))) return
    this.#effects.push({ type: 'offer', peer, pair })
    this.#deadlines.set(key(peer, pair), now + ANSWER_MS + this.#delay(peer, pair))
  }

  #delay(peer: NodeId, pair: number): Millis {
    const attempts = this.#peers.get(peer)?.attempts ?? []
    const attempt = attempts[pair] ?? 0
    attempts[pair] = attempt + 1
    return backoffDelay(attempt, BACKOFF, this.random)
  }
}

function key(peer: NodeId, pair: number): PairKey {
  return `${pair} ${peer}`
}

/** What the way in which a control link came about says of who makes the data links. */
export function offersTo(peer: Pick<LinkedPeer, 'dialled' | 'carried' | 'features'>): { readonly offers?: boolean } {
  return peer.carried || (peer.features & FEATURES.diallerOffers) === 0 ? {} : { offers: peer.dialled }
}
