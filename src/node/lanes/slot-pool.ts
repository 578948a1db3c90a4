/**
 * Which slots of lease deadlines (proxy/lease-slots) are free. A lane that is late still looks at the slot of a lease that is lost, and must not find another's
 * deadline there: so a slot is free when no lane looks at it any more, and is given again after all that were never used and all that have been
 * free for longer.
 */
import { LEASE_SLOTS_MAX } from '../../proxy/lease-slots.js'

export class SlotPool {
  readonly #taken = new Set<number>()
  /** At which lanes look: for how many services, and what is due when they do no more. */
  readonly #looking = new Map<number, { services: number; over?: () => void }>()
  /** Longest free first. */
  readonly #free: number[] = []
  #next = 0

  /** `undefined`: there are as many leases as slots. */
  take(): number | undefined {
    const slot = this.#next < LEASE_SLOTS_MAX ? this.#next++ : this.#free.shift()
    if (slot !== undefined) this.#taken.add(slot)
    return slot
  }

  /** Lanes were told to look at it no more for one of its services, and answer with `released`. */
  ending(slot: number): void {
    const looking = this.#looking.get(slot) ?? { services: 0 }
    looking.services++
    this.#looking.set(slot, looking)
  }

  /** Its lease is over, and all that lanes were to be told of that is said. `over`: due when they have answered. */
  giveBack(slot: number, over?: () => void): void {
    this.#taken.delete(slot)
    const looking = this.#looking.get(slot)
    if (looking === undefined) {
      this.#free.push(slot)
      over?.()
    } else if (over !== undefined) looking.over = over
  }

  /** No lane looks at it any more for one service of those that end. */
  released(slot: number): void {
    const looking = this.#looking.get(slot)
    if (looking === undefined || --looking.services > 0) return
    this.#looking.delete(slot)
    looking.over?.()
    if (!this.#taken.has(slot)) this.#free.push(slot)
  }
}
