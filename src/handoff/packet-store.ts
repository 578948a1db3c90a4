/**
 * Packets that wait for whoever is to have them, within a bound: beyond it the newest are dropped, since what is kept is to be heard
 * in order, and whoever sent the others sends them again.
 */
export class PacketStore {
  #packets: Uint8Array[] = []
  #bytes = 0
  #dropped = 0

  constructor(private readonly bytesMax: number) {}

  get bytes(): number {
    return this.#bytes
  }

  /** Since the beginning. */
  get dropped(): number {
    return this.#dropped
  }

  push(packet: Uint8Array): void {
    if (this.#bytes + packet.byteLength > this.bytesMax) {
      this.#dropped++
      return
    }
    this.#packets.push(packet)
    this.#bytes += packet.byteLength
  }

  /** All of them, the oldest first. */
  take(): readonly Uint8Array[] {
    const taken = this.#packets
    this.#packets = []
    this.#bytes = 0
    return taken
  }
}
