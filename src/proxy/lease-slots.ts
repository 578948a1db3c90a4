import { assert } from '../base/assert.js'
import type { Millis } from '../base/time.js'

/** More services than one cluster elects directors for. */
export const LEASE_SLOTS_MAX = 4_096

/**
 * Lease deadlines in memory that the control plane and all lanes share: the control plane pushes a deadline forward at
 * each renewal, a lane looks before it reads or writes. So a lane stops at the deadline by itself, also when the control
 * plane is stuck. Microseconds of the node's clock (BOOTTIME) as 64-bit integers, read and written whole; 0 = no lease.
 */
export class LeaseSlots {
  readonly #deadlines: BigInt64Array

  static bytes(): SharedArrayBuffer {
    return new SharedArrayBuffer(LEASE_SLOTS_MAX * BigInt64Array.BYTES_PER_ELEMENT)
  }

  constructor(memory: SharedArrayBuffer) {
    this.#deadlines = new BigInt64Array(memory)
  }

  set(slot: number, deadline: Millis | undefined): void {
    assert(slot >= 0 && slot < LEASE_SLOTS_MAX, `lease slot ${slot} of ${LEASE_SLOTS_MAX}`)
    Atomics.store(this.#deadlines, slot, deadline === undefined ? 0n : BigInt(Math.floor(deadline * 1_000)))
  }

  /** The holder may act while this is `true`. */
  isHeld(slot: number, now: Millis): boolean {
    return Number(Atomics.load(this.#deadlines, slot)) > now * 1_000
  }
}
