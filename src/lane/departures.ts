/**
 * A director gives its service away: those of its clients that no program serves are read out, for the next one to go on with as if it
 * had accepted them. Their sockets close in silence.
 */

import type { SpliceId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ClientHalf, ClientSnapshot } from '../proxy/client-half.js'
import type { Introduction } from '../proxy/introduction.js'
import type { Socket } from '../proxy/ports.js'
import { encodeProxyV2, RECEIVED_BYTES_MAX } from '../proxy/proxy-protocol/v2.js'
import type { CapturedClient, Rebuilder } from './frozen-socket.js'
import type { LaneContext } from './lane-context.js'
import type { Newcomer } from './newcomers.js'
import { bytesOf, type Departure, type Transit } from './transit.js'

/** A client that nobody reads is not told that more may come than this. */
export const DEPARTURE_BYTES_MAX = 8 * 2 ** 20

const NOTHING: Uint8Array = new Uint8Array(0)

export interface Giving {
  readonly service: { readonly name: string }
  readonly term: Term
  readonly clients: Iterable<ClientHalf>
  readonly newcomers: { readonly all: Iterable<Newcomer> }
  /** Nothing of it is this direction's any more. */
  forget(client: ClientHalf): void
}

/** Its address has left this host. */
export function sendOff(from: Giving, context: LaneContext, transit: Transit, nextId: () => SpliceId): void {
  const { rebuilder, clock } = context
  if (rebuilder === undefined) return
  const now = clock.now()
  const departures = new Departures(from, rebuilder, now, transit.room, nextId, context.records)
  departures.take()
  transit.add(from.service.name, departures.all, now)
}

class Departures {
  readonly all: Departure[] = []

  constructor(
    private readonly from: Giving,
    private readonly rebuilder: Rebuilder,
    private readonly now: Millis,
    /** Bytes that may go along, of all. */
    private room: number,
    private readonly nextId: () => SpliceId,
    private readonly records: LaneContext['records'],
  ) {}

  /** In the order in which they are to be served. */
  take(): void {
    const { clients, newcomers } = this.from
    for (const client of [...clients]) if (client.isUnserved && !client.isOutward) this.#client(client)
    for (const newcomer of [...newcomers.all].reverse()) this.#newcomer(newcomer)
    this.all.sort(inOrder)
  }

  #client(client: ClientHalf): void {
    const { id, half, destination, source, startedAt, snapshot } = client
    const introduction = headerOf(client.introduction)
    if (introduction === undefined) return
    const captured = this.#capture(half.socket, snapshot, half.carried.book.held)
    const departed = captured && client.depart()
    if (captured === undefined || departed === undefined) return
    const { parkedUntil, waitsUntil } = departed
    const waitsFor = parkedUntil !== undefined ? 'program' : waitsUntil !== undefined ? 'room' : 'node'
    const who = { id, client: client.client, destination, source, introduction, startedAt }
    this.from.forget(client)
    this.records?.leave(client)
    this.#add(half.socket, { ...captured, ...who, waitsFor, until: parkedUntil ?? waitsUntil })
  }

  #newcomer(newcomer: Newcomer): void {
    const { socket, snapshot, heard, startedAt } = newcomer
    const captured = this.#capture(socket, snapshot, heard)
    if (captured === undefined) return
    newcomer.part()
    const ends = { client: socket.remote, destination: socket.local, source: undefined, introduction: NOTHING }
    const who = { id: this.nextId(), ...ends, startedAt }
    this.#add(socket, { ...captured, ...who, waitsFor: 'introduction', until: undefined })
  }

  #capture(socket: Socket, snapshot: ClientSnapshot, held = NOTHING): CapturedClient | undefined {
    if (socket.vanish === undefined) return undefined
    const captured = this.rebuilder.capture(socket, snapshot, held)
    if ('why' in captured || bytesOf(captured) > Math.min(DEPARTURE_BYTES_MAX, this.room)) return undefined
    return captured
  }

  #add(socket: Socket, departure: Omit<Departure, 'term' | 'leftAt'>): void {
    const { now } = this
    const { term } = this.from
    this.room -= bytesOf(departure)
    this.all.push({ ...departure, term, leftAt: now })
    socket.vanish?.()
  }
}

/** Of those that came at once, as they were named. */
export function inOrder(a: Pick<ClientHalf, 'id' | 'startedAt'>, b: Pick<ClientHalf, 'id' | 'startedAt'>): number {
  return a.startedAt - b.startedAt || a.id.counter - b.id.counter
}

/** What a proxy in front has said; `undefined`: it is longer than a header may be. */
function headerOf(introduction: Introduction | undefined): Uint8Array | undefined {
  if (introduction === undefined) return NOTHING
  const { source, destination, tlvs } = introduction
  const header = { command: 'proxy', transport: 'stream', source, destination, tlvs } as const
  const bytes = encodeProxyV2(header, Number.MAX_SAFE_INTEGER)
  return bytes.byteLength > RECEIVED_BYTES_MAX ? undefined : bytes
}
