import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'

/**
 * The holder's count of one lease (after Gray and Cheriton 1989): for each voter, when the request was *sent* that it
 * granted last. A voter counts from receipt, which is later; so the holder's end comes first even with no margin, and
 * the margin covers the drift of the clocks.
 */
export class LeaseCount {
  readonly #grantedSince = new Map<NodeId, Millis>()

  get granted(): readonly (readonly [voter: NodeId, sentAt: Millis])[] {
    return [...this.#grantedSince]
  }

  grant(voter: NodeId, sentAt: Millis): void {
    const before = this.#grantedSince.get(voter)
    if (before === undefined || sentAt > before) this.#grantedSince.set(voter, sentAt)
  }

  /** That voter's grant counts no more, such as when it may have forgotten it. */
  strike(voter: NodeId): void {
    this.#grantedSince.delete(voter)
  }

  /** After a gap in time nothing granted before it counts. */
  strikeAll(): void {
    this.#grantedSince.clear()
  }

  /** Until when a majority of `voters` stands behind the holder; `undefined`: no majority has granted. */
  deadline(voters: readonly NodeId[], quorum: number, usableMs: Millis): Millis | undefined {
    const since = voters.flatMap((voter) => this.#grantedSince.get(voter) ?? []).sort((a, b) => b - a)
    const oldestOfMajority = since[quorum - 1]
    return oldestOfMajority === undefined ? undefined : oldestOfMajority + usableMs
  }
}
