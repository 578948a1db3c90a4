/**
 * Addresses that discovery named, between the sources, which repeat themselves, and membership, which pings what it is
 * given. Each is passed on at once when it is new, and while it goes on being named, again with growing pauses: a member
 * that is known needs no candidate, and an address where nobody answers must not cost more and more. One that is not
 * named for `expiryMs` is forgotten.
 *
 * Bounded: when full, new addresses are left out until others expire; sources name them again.
 */
import { type Endpoint, formatEndpoint } from '../../base/address.js'
import { type BackoffLimits, backoffDelay } from '../../base/backoff.js'
import type { Prng } from '../../base/prng.js'
import { MINUTE_MS, type Millis } from '../../base/time.js'

export interface CandidateLimits {
  readonly candidatesMax: number
  /** Above the pause of the slowest source, or its candidates are new each time. */
  readonly expiryMs: Millis
  readonly again: BackoffLimits
}

export const CANDIDATE_LIMITS: CandidateLimits = {
  candidatesMax: 256,
  expiryMs: 5 * MINUTE_MS,
  again: { firstMs: 1_000, maxMs: MINUTE_MS },
}

interface Candidate {
  readonly at: Endpoint
  readonly attempts: number
  readonly nextAt: Millis
  readonly namedAt: Millis
}

export class Candidates {
  readonly #candidates = new Map<string, Candidate>()

  constructor(
    private readonly random: Prng,
    private readonly limits: CandidateLimits = CANDIDATE_LIMITS,
  ) {}

  get size(): number {
    return this.#candidates.size
  }

  /** `true` if the address is to be tried now. */
  found(at: Endpoint, now: Millis): boolean {
    this.#expire(now)
    const key = formatEndpoint(at)
    const known = this.#candidates.get(key)
    if (known === undefined && this.#candidates.size >= this.limits.candidatesMax) return false
    const { attempts, nextAt } = known ?? { attempts: 0, nextAt: now }
    const isDue = nextAt <= now
    this.#candidates.set(key, {
      at,
      attempts: isDue ? attempts + 1 : attempts,
      nextAt: isDue ? now + backoffDelay(attempts, this.limits.again, this.random) : nextAt,
      namedAt: now,
    })
    return isDue
  }

  #expire(now: Millis): void {
    for (const [key, { namedAt }] of this.#candidates) {
      if (namedAt + this.limits.expiryMs <= now) this.#candidates.delete(key)
    }
  }
}
