import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'

export interface Candidate {
  readonly at: Endpoint
  /** The same for all pings to it, so that a late answer counts. */
  readonly seq: number
  /** Who wrote to us from there, if that is how we know the address. */
  readonly node: NodeId | undefined
  readonly pingAt: Millis
  readonly isAsked: boolean
  readonly expiresAt: Millis
}

const CANDIDATES_MAX = 64

/**
 * Addresses at which a member may be: from discovery, or the source of a packet of somebody whom we do not hold alive.
 * Each is pinged until it answers or expires. Bounded: when full, a new one takes the place of the first that was pinged at
 * least once, since who is there answers at once, and who floods a LAN with addresses must not keep members away. Where
 * none was yet, the new one is ignored; discovery repeats itself.
 */
export class CandidateTable {
  readonly #candidates = new Map<string, Candidate>()

  constructor(private readonly times: { readonly candidateIntervalMs: Millis; readonly candidateExpiryMs: Millis }) {}

  add(at: Endpoint, seq: number, node: NodeId | undefined, now: Millis): void {
    const key = formatEndpoint(at)
    const known = this.#candidates.get(key)
    if (known === undefined && this.#candidates.size >= CANDIDATES_MAX && !this.#dropAsked()) return
    const expiresAt = now + this.times.candidateExpiryMs
    this.#candidates.set(key, {
      at,
      seq: known?.seq ?? seq,
      node: node ?? known?.node,
      pingAt: known?.pingAt ?? now,
      isAsked: known?.isAsked ?? false,
      expiresAt,
    })
  }

  /** Somebody is there, or we are there ourselves. */
  answered(seq: number): void {
    for (const [key, candidate] of this.#candidates) if (candidate.seq === seq) this.#candidates.delete(key)
  }

  nextDeadline(): Millis | undefined {
    let earliest: Millis | undefined
    for (const { pingAt } of this.#candidates.values()) {
      if (earliest === undefined || pingAt < earliest) earliest = pingAt
    }
    return earliest
  }

  /** Those to ping now. */
  due(now: Millis): Candidate[] {
    const due: Candidate[] = []
    for (const [key, candidate] of this.#candidates) {
      if (candidate.pingAt > now) continue
      if (candidate.expiresAt <= now) {
        this.#candidates.delete(key)
        continue
      }
      const pingAt = now + this.times.candidateIntervalMs
      this.#candidates.set(key, { ...candidate, pingAt, isAsked: true })
      due.push(candidate)
    }
    return due
  }

  #dropAsked(): boolean {
    for (const [key, { isAsked }] of this.#candidates) if (isAsked) return this.#candidates.delete(key)
    return false
  }
}
