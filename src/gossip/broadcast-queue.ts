import type { NodeId } from '../base/ids.js'

/** How often each member sends one claim (SWIM, section 4.1): enough to reach all with high probability. */
export function retransmitLimit(factor: number, members: number): number {
  return factor * Math.ceil(Math.log10(members + 1))
}

/**
 * Claims that wait for a ride, as encoded messages. At most one about each member: the newest replaces the older, which
 * nobody needs any more. The least sent go first. Bounded: when full, the one that has been sent most often gives way.
 */
export class BroadcastQueue {
  /** `#tiers[i]` holds what has been sent i times; the newest of a tier is last. */
  readonly #tiers: Map<NodeId, Uint8Array>[] = [new Map()]
  #length = 0

  constructor(private readonly claimsMax: number) {}

  get length(): number {
    return this.#length
  }

  push(about: NodeId, message: Uint8Array): void {
    this.#remove(about)
    if (this.#length === this.claimsMax) this.#dropMostSent()
    this.#tiers[0]?.set(about, message)
    this.#length++
  }

  /** Messages for one packet with `bytesMax` bytes of room; each counts as sent once. */
  take(bytesMax: number, sendsMax: number): Uint8Array[] {
    const taken: { about: NodeId; message: Uint8Array; sends: number }[] = []
    let room = bytesMax
    for (const [sends, tier] of this.#tiers.entries()) {
      for (const [about, message] of tier) {
        if (message.byteLength > room) continue
        room -= message.byteLength
        taken.push({ about, message, sends: sends + 1 })
      }
    }
    for (const { about, message, sends } of taken) {
      this.#remove(about)
      if (sends >= sendsMax) continue
      this.#tier(sends).set(about, message)
      this.#length++
    }
    return taken.map(({ message }) => message)
  }

  #tier(sends: number): Map<NodeId, Uint8Array> {
    while (this.#tiers.length <= sends) this.#tiers.push(new Map())
    return this.#tiers[sends] as Map<NodeId, Uint8Array>
  }

  #remove(about: NodeId): void {
    for (const tier of this.#tiers) if (tier.delete(about)) this.#length--
  }

  #dropMostSent(): void {
    const tier = this.#tiers.findLast((candidate) => candidate.size > 0)
    for (const about of tier?.keys() ?? []) {
      this.#remove(about)
      return
    }
  }
}
