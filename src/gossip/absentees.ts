import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { Prng } from '../base/prng.js'
import type { MemberTable } from './member-table.js'
import type { Member } from './messages.js'

export interface Absentee {
  readonly at: Endpoint
  /** `undefined`: only the address is known, from an earlier boot. */
  readonly member: Member | undefined
}

/**
 * Whom to ask again for ever, one at a time: members that are down, and addresses of earlier boots at which nobody has
 * been met yet. In shuffled rounds, so that with d absentees each is asked within 2 · d turns for certain. An address
 * stops being absent when any member is known to be there; the table then remembers the member.
 *
 * Bounded: addresses beyond `addressesMax` are not taken; they are as many as the members that a node remembers.
 */
export class Absentees {
  readonly #remembered = new Map<string, Endpoint>()
  #round: string[] = []

  constructor(
    private readonly table: MemberTable,
    private readonly addressesMax: number,
    private readonly random: Prng,
  ) {}

  remember(at: Endpoint): void {
    if (this.#remembered.size < this.addressesMax) this.#remembered.set(formatEndpoint(at), at)
  }

  next(): Absentee | undefined {
    const absent = this.#absent()
    for (;;) {
      if (this.#round.length === 0) this.#round = this.random.shuffle([...absent.keys()])
      const key = this.#round.pop()
      if (key === undefined) return undefined
      const absentee = absent.get(key)
      if (absentee !== undefined) return absentee
    }
  }

  #absent(): Map<string, Absentee> {
    const absent = new Map<string, Absentee>()
    if (this.#remembered.size > 0) {
      for (const { profile } of this.table.all()) this.#remembered.delete(formatEndpoint(profile.gossip))
    }
    for (const [key, at] of this.#remembered) absent.set(key, { at, member: undefined })
    for (const member of this.table.down()) absent.set(member.profile.node, { at: member.profile.gossip, member })
    return absent
  }
}
