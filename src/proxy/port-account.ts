/**
 * Source ports of a service's address, by destination: a connection to one destination needs a port of its own, and there are some
 * 28,000. Counted across lanes in shared memory, by the hash of both ends: two pairs of one hash count together, and so are refused
 * sooner, never later.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { hash32 } from '../base/hash.js'

const CELLS = 8_192
/** Of a destination's ports. The rest is for what this host's programs do themselves, and for connections that a later director takes over from several. */
export const PORTS_SHARE = 0.9

export interface FullestDestination {
  readonly to: string
  readonly ports: number
}

export class PortAccount {
  readonly #cells: Int32Array
  /** Of this lane: how many to each destination. */
  readonly #own = new Map<string, number>()
  /** Ports to one destination, at most. */
  readonly limit: number

  static bytes(lanes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(lanes * CELLS * Int32Array.BYTES_PER_ELEMENT)
  }

  /** `range`: how many ports the kernel may give. A lane that died has left nothing. */
  constructor(
    memory: SharedArrayBuffer,
    private readonly lane: number,
    private readonly lanes: number,
    range: number,
  ) {
    this.#cells = new Int32Array(memory)
    this.#cells.fill(0, lane * CELLS, (lane + 1) * CELLS)
    this.limit = Math.max(1, Math.floor(range * PORTS_SHARE))
  }

  /** `false`: no port is left for that destination. */
  take(from: string, to: Endpoint): boolean {
    const key = keyOf(from, to)
    this.#count(key, 1)
    if (this.#sum(key) <= this.limit) return true
    this.#count(key, -1)
    return false
  }

  /** Of a connection that another director has made. */
  add(from: string, to: Endpoint): void {
    this.#count(keyOf(from, to), 1)
  }

  give(from: string, to: Endpoint): void {
    this.#count(keyOf(from, to), -1)
  }

  /** Of those to which this lane has connections under the address: the one with the fewest ports left. */
  fullest(from: string): FullestDestination | undefined {
    let fullest: FullestDestination | undefined
    for (const key of this.#own.keys()) {
      if (!key.startsWith(`${from} `)) continue
      const ports = this.#sum(key)
      if (fullest === undefined || ports > fullest.ports) fullest = { to: key.slice(from.length + 1), ports }
    }
    return fullest
  }

  #count(key: string, change: 1 | -1): void {
    const count = (this.#own.get(key) ?? 0) + change
    if (count <= 0) this.#own.delete(key)
    else this.#own.set(key, count)
    Atomics.add(this.#cells, this.lane * CELLS + cellOf(key), change)
  }

  #sum(key: string): number {
    let sum = 0
    for (let lane = 0; lane < this.lanes; lane++) sum += Atomics.load(this.#cells, lane * CELLS + cellOf(key))
    return sum
  }
}

function keyOf(from: string, to: Endpoint): string {
  return `${from} ${formatEndpoint(to)}`
}

function cellOf(key: string): number {
  return hash32(key) % CELLS
}
