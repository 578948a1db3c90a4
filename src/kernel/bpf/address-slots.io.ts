/**
 * Which slot of the other maps an address has: a hash map that programs read. What belongs to a slot lies in arrays and is
 * changed in place: the hash map, whose entries the kernel uses again as soon as they are replaced, changes only when an
 * address comes or goes.
 */
import { canonicalIp } from '../../base/address.js'
import type { Result } from '../syscalls.io.js'
import { MAP_TYPE_HASH } from './abi.js'
import { addressKey, KEY_BYTES } from './address-key.js'
import { Block, type Bpf, type MapPlan } from './bpf.io.js'
import { refused } from './rights.io.js'

/** Addresses of one process. */
export const SLOTS = 256

export const ADDRESSES_MAP: MapPlan = { type: MAP_TYPE_HASH, keyBytes: KEY_BYTES, valueBytes: 4, entriesMax: SLOTS }

export class AddressSlots {
  readonly #slots = new Map<string, number>()
  /** The one that was given back longest ago comes first: a program may still be reading the latest. */
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot)
  readonly #key = new Block(KEY_BYTES)
  readonly #value = new Block(4)

  constructor(
    private readonly bpf: Bpf,
    private readonly map: number,
  ) {}

  slotOf(address: string): number | undefined {
    return this.#slots.get(canonicalIp(address) ?? '')
  }

  /** The address's own slot, or a free one: `prepare` fills it before programs see that address. */
  take(address: string, prepare: (slot: number) => void): number | { readonly why: string } {
    const known = this.slotOf(address)
    if (known !== undefined) return known
    const key = addressKey(address)
    if (key === undefined) return { why: `${address} is no IP address` }
    const [slot] = this.#free
    if (slot === undefined) return { why: `no room for ${address}: at most ${SLOTS} addresses` }
    prepare(slot)
    this.#key.bytes.set(key)
    new DataView(this.#value.bytes.buffer).setUint32(0, slot, true)
    const result: Result = this.bpf.update(this.map, this.#key.at, this.#value.at)
    if (result < 0) return refused(`take ${address} into a map`, result, '5.9')
    this.#free.shift()
    this.#slots.set(canonicalIp(address) ?? '', slot)
    return slot
  }

  release(address: string): void {
    const slot = this.slotOf(address)
    const key = addressKey(address)
    if (slot === undefined || key === undefined) return
    this.#key.bytes.set(key)
    this.bpf.delete(this.map, this.#key.at)
    this.#slots.delete(canonicalIp(address) ?? '')
    this.#free.push(slot)
  }

  /** No address has a slot any more, nor gets one: what belonged to slots may be gone. */
  close(): void {
    this.#slots.clear()
    this.#free.length = 0
  }
}
