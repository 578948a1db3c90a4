/** Who directs what, as holders tell it to everybody each round. */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { type BatchNumbers, IncomingBatches, OutgoingBatches } from './batches.js'
import { CLAIMS_MAX } from './codec.js'
import type { ElectionMessage, LeaseClaim } from './messages.js'

const BATCHES_KEPT = 64

type Announcement = Extract<ElectionMessage, { kind: 'announce' | 'still' }>

export interface HeldClaim extends LeaseClaim {
  readonly deadline: Millis
}

export class Announcements {
  readonly #outgoing: OutgoingBatches<LeaseClaim>
  readonly #incoming = new IncomingBatches<LeaseClaim>(BATCHES_KEPT)
  #validUntil: Millis = 0

  constructor(
    numbers: BatchNumbers,
    private readonly send: (to: NodeId, message: ElectionMessage) => void,
  ) {
    this.#outgoing = new OutgoingBatches(CLAIMS_MAX, numbers)
  }

  /** Tells `peers` what this node holds. All of it is as good as the lease that ends first. */
  tell(peers: readonly NodeId[], held: readonly HeldClaim[], now: Millis): void {
    this.#validUntil = held.reduce((earliest, { deadline }) => Math.min(earliest, deadline), Number.POSITIVE_INFINITY)
    const claims = held.map(({ service, number, flags }) => ({ service, number, flags }))
    for (const { id, items } of this.#outgoing.plan(claims)) {
      for (const peer of peers) {
        if (this.#outgoing.isNewTo(peer, { id, items })) this.#tellWhole(peer, id, items, now)
        else this.send(peer, { kind: 'still', batch: id, validMs: this.#validUntil - now })
      }
    }
  }

  /** The claims that a message speaks of; `undefined`: it names a batch that is not here, and it was asked for. */
  hear(from: NodeId, message: Announcement): readonly LeaseClaim[] | undefined {
    if (message.kind === 'announce') {
      this.#incoming.put(from, message.batch, message.claims)
      return message.claims
    }
    const claims = this.#incoming.get(from, message.batch)
    if (claims === undefined) this.send(from, { kind: 'which', batch: message.batch })
    return claims
  }

  resend(peer: NodeId, id: number, now: Millis): void {
    const batch = this.#outgoing.missing(peer, id)
    if (batch === undefined || this.#validUntil <= now) return
    this.#outgoing.isNewTo(peer, batch)
    this.#tellWhole(peer, id, batch.items, now)
  }

  forget(peer: NodeId): void {
    this.#outgoing.forget(peer)
    this.#incoming.forget(peer)
  }

  #tellWhole(peer: NodeId, batch: number, claims: readonly LeaseClaim[], now: Millis): void {
    this.send(peer, { kind: 'announce', batch, validMs: Math.max(0, this.#validUntil - now), claims })
  }
}
