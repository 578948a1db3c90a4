/**
 * Clients that a director of this lane has given away while no program served them: read out, and kept until whoever directs next asks
 * (docs/handoff.md, "Move"). Each is told of once: what becomes of it then nobody here knows.
 */
import type { Millis } from '../base/time.js'
import type { AskFrame, MortalFrame } from '../proxy/ledger-frames.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import {
  UNREAD_BYTES_MAX,
  type UnreadFrame,
  type UnservedClient,
  type UnservedFrame,
} from '../proxy/unserved-frames.js'
import type { CapturedClient } from './frozen-socket.js'

/** A move that takes longer than its own limits has failed, and a client that nobody has answered for so long sends no more. */
const KEPT_MS: Millis = 10_000
/** Of all that wait here. */
export const TRANSIT_BYTES_MAX = 64 * 2 ** 20

/** By which the next director has asked. */
export interface Asker {
  readonly isUp: boolean
  /** It goes on with such clients. A release before 0.2 does not: it can tell them that they are lost. */
  readonly takesUnserved: boolean
  say(frame: UnservedFrame | UnreadFrame | MortalFrame): void
}

type Named = Pick<UnservedClient, 'id' | 'term' | 'client' | 'destination' | 'source' | 'introduction' | 'waitsFor'>

/** One client, with all that its socket had. */
export interface Departure extends Named, CapturedClient {
  /** It waits no longer than that. */
  readonly until: Millis | undefined
  readonly startedAt: Millis
  readonly leftAt: Millis
}

export class Transit {
  /** By service; in the order in which they came. */
  readonly #waiting = new Map<string, readonly Departure[]>()
  /** Who has asked last: a lane that is late may be told to give a service away after that. */
  readonly #askers = new Map<string, { readonly ask: AskFrame; readonly by: Asker }>()
  #bytes = 0

  /** Of unread and unsent bytes. */
  get room(): number {
    return TRANSIT_BYTES_MAX - this.#bytes
  }

  add(service: string, departures: readonly Departure[], now: Millis): void {
    if (departures.length === 0) return
    this.#waiting.set(service, [...(this.#waiting.get(service) ?? []), ...departures])
    const last = this.#askers.get(service)
    // In their own term it was asked when it began.
    const isLate = last?.by.isUp === true && departures.every(({ term }) => term.number < last.ask.term.number)
    if (isLate) this.tell(last.ask, last.by, now)
    else this.#count()
  }

  /** To whoever directs now, in answer to its question; each once. Returns how many are lost, since it cannot go on with them. */
  tell(ask: AskFrame, by: Asker, now: Millis): number {
    const { service, term } = ask
    this.#askers.set(service, { ask, by })
    const waiting = this.#waiting.get(service) ?? []
    const told = waiting.filter((one) => one.term.number <= term.number)
    this.#keep(service, waiting, (one) => one.term.number > term.number)
    for (const one of told) {
      if (by.takesUnserved) for (const frame of framesOf(service, one, now)) by.say(frame)
      else by.say(mortalOf(ask, one))
    }
    return by.takesUnserved ? 0 : told.length
  }

  sweep(now: Millis): void {
    for (const [service, waiting] of this.#waiting) this.#keep(service, waiting, (one) => now < one.leftAt + KEPT_MS)
  }

  #keep(service: string, waiting: readonly Departure[], isKept: (one: Departure) => boolean): void {
    const kept = waiting.filter(isKept)
    if (kept.length === 0) this.#waiting.delete(service)
    else this.#waiting.set(service, kept)
    this.#count()
  }

  #count(): void {
    this.#bytes = 0
    for (const waiting of this.#waiting.values()) for (const one of waiting) this.#bytes += bytesOf(one)
  }
}

export function bytesOf({ unread, unsent }: Pick<CapturedClient, 'unread' | 'unsent'>): number {
  return unread.byteLength + unsent.byteLength
}

/** In the term of the asker, as of a splice of an earlier director whose program was on that one's host: no ledger has it. */
function mortalOf({ service, term }: AskFrame, { id, client, destination, term: { holder } }: Departure): MortalFrame {
  return { kind: 'mortal', handle: LINK_HANDLE, service, term, id, client, destination, host: holder, isOver: false }
}

function framesOf(service: string, departure: Departure, now: Millis): (UnservedFrame | UnreadFrame)[] {
  const { id, unread, unsent, leftAt, startedAt, until } = departure
  const pieces = (way: 'up' | 'down', bytes: Uint8Array): UnreadFrame[] => {
    const frames: UnreadFrame[] = []
    for (let at = 0; at < bytes.byteLength; at += UNREAD_BYTES_MAX) {
      const piece = bytes.subarray(at, at + UNREAD_BYTES_MAX)
      frames.push({ kind: 'unread', handle: LINK_HANDLE, service, id, way, bytes: piece })
    }
    return frames
  }
  const { term, client, destination, source, introduction, waitsFor, snapshot, clock, isEnded } = departure
  const times = { ageMs: now - startedAt, snapshotAgeMs: now - leftAt, waitMs: Math.max(0, (until ?? now) - now) }
  const who = { id, term, client, destination, source, introduction }
  const counts = { unread: unread.byteLength, isEnded, unsent: unsent.byteLength }
  const row = { ...who, ...times, ...counts, waitsFor, snapshot, clock }
  return [...pieces('up', unread), ...pieces('down', unsent), { kind: 'unserved', handle: LINK_HANDLE, service, row }]
}
