/**
 * Tells clients whose connection has been lost with a director that it is over. An RST counts only at the very sequence number that
 * the client expects next (RFC 5961, 3.2), and nobody here knows that: so each is sent an ACK that fits nowhere, which it answers
 * with one that shows it (RFC 9293, 3.10.7.4), and that is answered with the RST. CTDB calls the first a tickle.
 *
 *     tickle, ACK 0:0 ──►            ◄── ACK seq:ack
 *     RST, ACK  ack:seq ──►          and then it knows nothing of the connection, or is heard again
 *
 * A client that speaks by itself needs no tickle. Whether the connection really is nobody's is the caller's to know, at that moment.
 */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import { FLAG, type Segment } from './segment.js'

/** A client answers such segments once in 500 ms (Linux, tcp_invalid_ratelimit): sooner it would be asked in vain. */
const ASK_AFTER_MS: readonly Millis[] = [0, 600, 1_200, 2_400, 4_800, 9_600, 30_000, 60_000]
/** To one client no more often: whoever sends a window full of segments needs one answer. */
const RST_EVERY_MS: Millis = 500
/** Beyond these nobody is told: they hear when they speak. */
export const FAREWELLS_MAX = 65_536
/** In one look: a burst of questions brings as many answers at once. */
const ASKED_PER_LOOK = 256

export interface Parting {
  readonly client: Endpoint
  /** What it was connected to. */
  readonly destination: Endpoint
}

interface Pending extends Parting {
  /** Times that it was asked. */
  asked: number
  askAt: Millis
  resetAt: Millis
}

const TICKLE = { seq: 0, ack: 0, flags: FLAG.ack } as const

export class Farewells {
  readonly #pending = new Map<string, Pending>()
  readonly counts = { reset: 0, gone: 0, silent: 0, untold: 0 }

  constructor(
    /** Nobody has the connection now. */
    private readonly isLost: (parting: Parting) => boolean,
    private readonly send: (parting: Parting, segment: Pick<Segment, 'seq' | 'ack' | 'flags'>) => void,
  ) {}

  get size(): number {
    return this.#pending.size
  }

  add({ client, destination }: Parting, now: Millis): void {
    const key = keyOf(client, destination.port)
    if (this.#pending.has(key)) return
    if (this.#pending.size >= FAREWELLS_MAX) return void this.counts.untold++
    const never = Number.NEGATIVE_INFINITY
    this.#pending.set(key, { client, destination, asked: 0, askAt: now, resetAt: never })
  }

  hear(from: string, segment: Segment, now: Millis): void {
    const key = keyOf({ address: from, port: segment.sourcePort }, segment.destinationPort)
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    // It has ended it itself, knows nothing of it any more, or begins another from the same port.
    if ((segment.flags & (FLAG.rst | FLAG.syn)) !== 0) return this.#done(key, 'gone')
    if ((segment.flags & FLAG.ack) === 0 || now < pending.resetAt + RST_EVERY_MS) return
    if (!this.isLost(pending)) return void this.#pending.delete(key)
    if (pending.resetAt < 0) this.counts.reset++
    pending.resetAt = now
    this.send(pending, { seq: segment.ack, ack: (segment.seq + segment.length) >>> 0, flags: FLAG.rst | FLAG.ack })
  }

  /** To be called every 100 ms or so: asks those whose time it is. */
  look(now: Millis): void {
    let left = ASKED_PER_LOOK
    for (const [key, pending] of this.#pending) {
      if (now < pending.askAt) continue
      if (pending.asked >= ASK_AFTER_MS.length) {
        this.#done(key, pending.resetAt < 0 ? 'silent' : 'gone')
        continue
      }
      if (left-- <= 0) return
      if (!this.isLost(pending)) {
        this.#pending.delete(key)
        continue
      }
      pending.asked++
      pending.askAt = now + (ASK_AFTER_MS[Math.min(pending.asked, ASK_AFTER_MS.length - 1)] as Millis)
      this.send(pending, TICKLE)
    }
  }

  #done(key: string, how: 'gone' | 'silent'): void {
    this.#pending.delete(key)
    this.counts[how]++
  }
}

function keyOf({ address, port }: Endpoint, destination: number): string {
  return `${address} ${port} ${destination}`
}
