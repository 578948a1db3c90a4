/**
 * How far what a data link carries has come for good: into the kernel of the other node, which keeps it whatever becomes of this one.
 * That is what its TCP acknowledges, and it raises no event: it is looked for when something comes by the link, at the end of each
 * turn in which something went, and on a timer while anything is on its way.
 */
import type { Millis } from '../base/time.js'
import type { Socket } from '../proxy/ports.js'

/** One direction of a splice; told how far it has crossed, in its own offsets. */
export interface Carried {
  crossed(offset: number): void
}

/** What puts the link's bytes together. */
export interface CrossingWriter {
  /** All that was said so far goes to the socket. */
  flush(): void
  /** How many bytes that was given in all. */
  readonly written: number
}

export interface CrossingTimes {
  defer(task: () => void): void
  soon(afterMs: Millis, task: () => void): void
}

const LOOK_EVERY_MS: Millis = 1
const ROOM_AT_FIRST = 64

export class Crossing {
  /** Said in this turn, and up to where. */
  readonly #fresh = new Map<Carried, number>()
  // A ring of what is on its way, in parallel arrays: nothing is made for a chunk.
  #carried: (Carried | undefined)[] = new Array<undefined>(ROOM_AT_FIRST).fill(undefined)
  #offsets = new Float64Array(ROOM_AT_FIRST)
  /** Behind it in the link's bytes. */
  #places = new Float64Array(ROOM_AT_FIRST)
  #first = 0
  #count = 0
  #isAwake = false
  readonly #onTurnEnd = () => this.#endTurn()
  readonly #onTimer = () => this.#wake()

  constructor(
    private readonly socket: Pick<Socket, 'queued' | 'unacknowledged'>,
    private readonly writer: CrossingWriter,
    private readonly times: CrossingTimes,
  ) {}

  /** Called when it was said; what goes by this link up to `offset`. */
  carries(carried: Carried, offset: number): void {
    const isFirst = this.#fresh.size === 0
    this.#fresh.set(carried, offset)
    if (isFirst) this.times.defer(this.#onTurnEnd)
  }

  /** Something may have come to its end. */
  look(): void {
    if (this.#count === 0) return
    const { socket } = this
    // Where it cannot be told, as of a socket that is broken, nothing is known to have crossed.
    const place = this.writer.written - socket.queued() - (socket.unacknowledged() ?? Number.POSITIVE_INFINITY)
    while (this.#count > 0 && (this.#places[this.#first] as number) <= place) {
      const carried = this.#carried[this.#first]
      this.#carried[this.#first] = undefined
      const offset = this.#offsets[this.#first] as number
      this.#first = (this.#first + 1) % this.#carried.length
      this.#count--
      carried?.crossed(offset)
    }
  }

  /** The link is gone: nothing is known of what was on its way. */
  close(): void {
    this.#fresh.clear()
    this.#carried.fill(undefined)
    this.#count = 0
  }

  #endTurn(): void {
    if (this.#fresh.size === 0) return
    this.writer.flush()
    for (const [carried, offset] of this.#fresh) this.#push(carried, offset, this.writer.written)
    this.#fresh.clear()
    this.look()
    this.#sleep()
  }

  #sleep(): void {
    if (this.#isAwake || this.#count === 0) return
    this.#isAwake = true
    this.times.soon(LOOK_EVERY_MS, this.#onTimer)
  }

  #wake(): void {
    this.#isAwake = false
    this.look()
    this.#sleep()
  }

  #push(carried: Carried, offset: number, place: number): void {
    if (this.#count === this.#carried.length) this.#grow()
    const at = (this.#first + this.#count) % this.#carried.length
    this.#carried[at] = carried
    this.#offsets[at] = offset
    this.#places[at] = place
    this.#count++
  }

  #grow(): void {
    const room = this.#carried.length
    const from = Array.from({ length: room }, (_, i) => (this.#first + i) % room)
    const next = (old: Float64Array) => {
      const grown = new Float64Array(2 * room)
      grown.set(from.map((at) => old[at] as number))
      return grown
    }
    this.#carried = [...from.map((at) => this.#carried[at]), ...new Array<undefined>(room).fill(undefined)]
    this.#offsets = next(this.#offsets)
    this.#places = next(this.#places)
    this.#first = 0
  }
}
