/**
 * Clients whose connection a director has given away while no program served them: no backend half tells of them, so the director
 * itself does, in its answer to ASK. First come the bytes that it has of each (UNREAD), then the client (UNSERVED), for peers whose HELLO has
 * FEATURE_UNSERVED. To others MORTAL tells that such clients are lost.
 */
import type { Endpoint } from '../base/address.js'
import type { ByteReader, ByteWriter } from '../base/bytes.js'
import type { SpliceId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import {
  FIELD,
  Fields,
  putBytes,
  putEndpoint,
  putId,
  putName,
  putTerm,
  putU32,
  readId,
  readTerm,
} from './splice-fields.js'

/** A bit of HELLO's features: such clients are gone on with. */
export const FEATURE_UNSERVED = 2

/**
 * What it waits for: a node is being asked, or is to be; one with room; a program at all, since its own is gone; the PROXY header that is
 * to say for whom it comes. Numbers on the wire, in this order, never change their meaning.
 */
export const WAITS = ['node', 'room', 'program', 'introduction'] as const
export type Waits = (typeof WAITS)[number]

export interface UnservedClient {
  readonly id: SpliceId
  /** Of the director that had it. */
  readonly term: Term
  readonly client: Endpoint
  readonly destination: Endpoint
  /** As in OPEN. */
  readonly source: Endpoint | undefined
  /** What a proxy in front has said of it, as a header of version 2; empty: nothing. */
  readonly introduction: Uint8Array
  readonly waitsFor: Waits
  /** For so long still; of `room` and `program` alone. */
  readonly waitMs: Millis
  /** Since it was accepted. */
  readonly ageMs: Millis
  /** Of its socket, whose streams begin at the first byte of `unread` and of `unsent`; taken when that was given up, so long ago. */
  readonly snapshot: Uint8Array
  readonly snapshotAgeMs: Millis
  /** Of that socket then (TSval); it has said nothing since. */
  readonly clock: number | undefined
  /** Bytes of the client that its kernel was told have come, and whether its FIN came behind them. */
  readonly unread: number
  readonly isEnded: boolean
  /** Bytes to it, of its former program, that it has not acknowledged. */
  readonly unsent: number
}

export interface UnservedFrame {
  readonly kind: 'unserved'
  readonly handle: number
  readonly service: string
  readonly row: UnservedClient
}

/** The next of a client's bytes, from it (`up`) or to it. */
export interface UnreadFrame {
  readonly kind: 'unread'
  readonly handle: number
  readonly service: string
  readonly id: SpliceId
  readonly way: 'up' | 'down'
  /** Of one that has come, valid only during the call. */
  readonly bytes: Uint8Array
}

/** Such that a frame fits a record with all that it says beside them. */
export const UNREAD_BYTES_MAX = 131_072

const ENDED = 1
const DOWN = 1

export function putUnserved(out: ByteWriter, { service, row }: UnservedFrame): void {
  const whole = (ms: Millis) => Math.max(0, Math.floor(ms))
  putTerm(putId(out, row.id), row.term)
    .u64(whole(row.ageMs))
    .u64(whole(row.snapshotAgeMs))
    .u64(whole(row.waitMs))
    .u32(row.unread)
    .u32(row.unsent)
    .u8(WAITS.indexOf(row.waitsFor))
    .u8(row.isEnded ? ENDED : 0)
  putName(out, FIELD.service, service)
  putEndpoint(out, FIELD.client, row.client)
  putEndpoint(out, FIELD.destination, row.destination)
  if (row.source !== undefined) putEndpoint(out, FIELD.source, row.source)
  if (row.introduction.byteLength > 0) putBytes(out, FIELD.proxyHeader, row.introduction)
  putBytes(out, FIELD.snapshot, row.snapshot)
  if (row.clock !== undefined) putU32(out, FIELD.clock, row.clock)
}

export function readUnserved(handle: number, r: ByteReader): UnservedFrame | undefined {
  const [id, term] = [readId(r), readTerm(r)]
  const [ageMs, snapshotAgeMs, waitMs, unread, unsent] = [r.u64(), r.u64(), r.u64(), r.u32(), r.u32()]
  const [waitsFor, bits] = [WAITS[r.u8()], r.u8()]
  const f = new Fields(r)
  const ends = { client: f.endpoint(FIELD.client), destination: f.endpoint(FIELD.destination) }
  const service = f.name(FIELD.service)
  // It waits for something that a later release knows.
  if (waitsFor === undefined) return undefined
  const row: UnservedClient = {
    id,
    term,
    ...ends,
    source: f.has(FIELD.source) ? f.endpoint(FIELD.source) : undefined,
    introduction: f.bytes(FIELD.proxyHeader),
    waitsFor,
    waitMs,
    ageMs,
    snapshot: f.bytes(FIELD.snapshot),
    snapshotAgeMs,
    clock: f.has(FIELD.clock) ? f.u32(FIELD.clock) : undefined,
    unread,
    isEnded: (bits & ENDED) !== 0,
    unsent,
  }
  return { kind: 'unserved', handle, service, row }
}

export function putUnread(out: ByteWriter, { id, way, service, bytes }: UnreadFrame): void {
  putId(out, id)
    .u8(way === 'down' ? DOWN : 0)
    .text(service)
    .put(bytes)
}

export function readUnread(handle: number, r: ByteReader): UnreadFrame {
  const [id, bits, service] = [readId(r), r.u8(), r.text()]
  return { kind: 'unread', handle, id, way: (bits & DOWN) === 0 ? 'up' : 'down', service, bytes: r.rest() }
}
