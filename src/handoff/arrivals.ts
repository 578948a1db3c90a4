/**
 * What another host has caught for an address that is to be here, or is: kept until the connections of the address are let go, then
 * heard as if it had come by the network. Bounded in bytes and time.
 */
import type { Millis } from '../base/time.js'
import { PacketStore } from './packet-store.js'

/** For one address. */
const KEPT_BYTES_MAX = 4 * 2 ** 20
/** Addresses that wait, of which a peer may name any. */
const WAITING_MAX = 64
/** By then whoever sent them has sent them again. */
const KEPT_MS_MAX: Millis = 3_000

interface Waiting {
  readonly store: PacketStore
  readonly since: Millis
}

export class Arrivals {
  readonly #waiting = new Map<string, Waiting>()

  constructor(
    private readonly parts: {
      /** Its connections are let go: they hear. */
      readonly isOpen: (contest: string) => boolean
      readonly deliver: (contest: string, packets: readonly Uint8Array[], dropped: number) => void
    },
  ) {}

  heard(contest: string, packets: readonly Uint8Array[], now: Millis): void {
    if (this.parts.isOpen(contest)) return this.parts.deliver(contest, packets, 0)
    this.#forgetOld(now)
    let waiting = this.#waiting.get(contest)
    if (waiting === undefined) {
      if (this.#waiting.size >= WAITING_MAX) return
      waiting = { store: new PacketStore(KEPT_BYTES_MAX), since: now }
      this.#waiting.set(contest, waiting)
    }
    for (const packet of packets) waiting.store.push(packet)
  }

  onOpen(contest: string, now: Millis): void {
    this.#forgetOld(now)
    const waiting = this.#waiting.get(contest)
    if (waiting === undefined) return
    this.#waiting.delete(contest)
    this.parts.deliver(contest, waiting.store.take(), waiting.store.dropped)
  }

  #forgetOld(now: Millis): void {
    for (const [contest, { since }] of this.#waiting) if (now - since > KEPT_MS_MAX) this.#waiting.delete(contest)
  }
}
