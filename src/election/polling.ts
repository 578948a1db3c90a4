/** The holder's side of the exchange with voters: what it asks of them in rounds, and what an answer answers. */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { type Batch, type BatchNumbers, OutgoingBatches } from './batches.js'
import { CLAIMS_MAX } from './codec.js'
import type { ElectionConfig } from './config.js'
import type { Electorate } from './durable-state.js'
import type { ElectionMessage, LeaseClaim, LeaseRequest } from './messages.js'

/** Rounds whose answers may still come: an answer later than a lease is worth nothing. */
const ROUNDS_KEPT = 128

export interface Round {
  readonly number: number
  readonly sentAt: Millis
  readonly claims: readonly LeaseClaim[]
}

export class Polling {
  readonly #rounds = new Map<number, Round>()
  readonly #batches: OutgoingBatches<LeaseClaim>
  #round = 0

  constructor(
    private readonly self: NodeId,
    private readonly config: ElectionConfig,
    numbers: BatchNumbers,
    private readonly send: (to: NodeId, message: ElectionMessage) => void,
  ) {
    this.#batches = new OutgoingBatches(CLAIMS_MAX, numbers)
  }

  /** Asks every other voter for all of `claims`; answers what this node's own voter is to be asked. */
  ask(claims: readonly LeaseClaim[], { epoch, voters }: Electorate, now: Millis): LeaseRequest[] {
    return this.#batches.plan(claims).map((batch) => {
      const request = this.#request(epoch, batch, now)
      for (const voter of voters) {
        if (voter === this.self) continue
        if (this.#batches.isNewTo(voter, batch)) this.send(voter, request)
        else this.send(voter, { ...request, kind: 'renew' })
      }
      return request
    })
  }

  /** The number of the last round. */
  get last(): number {
    return this.#round
  }

  /** What was asked in a round whose answer still counts. */
  round(number: number): Round | undefined {
    return this.#rounds.get(number)
  }

  /** A voter does not have this batch. */
  resend(voter: NodeId, id: number, epoch: number, now: Millis): void {
    const batch = this.#batches.missing(voter, id)
    if (batch === undefined) return
    this.#batches.isNewTo(voter, batch)
    this.send(voter, this.#request(epoch, batch, now))
  }

  /** No answer to anything sent so far counts any more. */
  voidRounds(): void {
    this.#rounds.clear()
  }

  forget(voter: NodeId): void {
    this.#batches.forget(voter)
  }

  #request(epoch: number, { id, items }: Batch<LeaseClaim>, now: Millis): LeaseRequest {
    this.#round = (this.#round + 1) % 2 ** 32
    this.#rounds.set(this.#round, { number: this.#round, sentAt: now, claims: items })
    for (const oldest of this.#rounds.keys()) {
      if (this.#rounds.size <= ROUNDS_KEPT) break
      this.#rounds.delete(oldest)
    }
    return { kind: 'request', epoch, round: this.#round, leaseMs: this.config.leaseMs, batch: id, claims: items }
  }
}
