/**
 * How a director that takes a service over asks for what is known of its splices. It sends ASK on each of its links; the peer's
 * lane reads its links from other nodes to their end, obeys the term, and answers with a ROW for each backend half and LEDGER
 * after the last. All of them are frames of the link itself (handle 0); the splices then go on by RESUME.
 *
 * Splices whose both halves are on the director's own host are in no ledger when that host is lost. So a director tells the next in
 * line of them (MORTAL), that their clients can be told of the end; and who was told so tells whoever asks for a ledger.
 */
import type { Endpoint } from '../base/address.js'
import { ByteReader, type ByteWriter } from '../base/bytes.js'
import type { NodeId, SpliceId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import {
  FIELD,
  Fields,
  putBytes,
  putEndpoint,
  putId,
  putName,
  putNode,
  putTerm,
  putU32,
  readId,
  readNode,
  readTerm,
} from './splice-fields.js'
import { HISTORY_BYTES, putHistory, readHistory, type SpliceHistory } from './splice-history.js'

export interface AskFrame {
  readonly kind: 'ask'
  readonly handle: number
  readonly service: string
  /** The asker's own. */
  readonly term: Term
}

/** What a backend half keeps of its client half: enough to rebuild that one. Offsets as in RESUME. */
export interface LedgerRow {
  readonly id: SpliceId
  /** Of the director that had it. */
  readonly term: Term
  readonly client: Endpoint
  readonly destination: Endpoint
  /** As in OPEN. */
  readonly source?: Endpoint | undefined
  /** The backend's connection as its node sees it. */
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Of the client socket (handoff's snapshot-codec), taken `snapshotAgeMs` ago; empty: it cannot be rebuilt. */
  readonly snapshot: Uint8Array
  readonly snapshotAgeMs: Millis
  /** The director gave the socket up in order `snapshotAgeMs` ago, and that was its clock (TSval) then: it has said nothing since. */
  readonly clock: number | undefined
  /** For so long the client has had no answer from any director; `undefined`: the node is of a release that does not say. */
  readonly darkMs: Millis | undefined
  /** Since OPEN. */
  readonly ageMs: Millis
  /** Bytes of the client that have arrived for good. */
  readonly up: number
  /** The client's FIN has arrived. */
  readonly finUp: boolean
  /** Bytes to the client, as far as its TCP is known to have acknowledged them. */
  readonly acknowledged: number
  /** Its TCP has acknowledged the FIN that followed them. */
  readonly finAcknowledged: boolean
  /** Bytes to the client that were passed on: all from `acknowledged` on come again after RESUME. */
  readonly down: number
  /** The client half may be sent bytes up to this offset. */
  readonly limit: number
  /** The bytes from `acknowledged` on are all kept. */
  readonly isWhole: boolean
  /** The connection was made by a director, for a program of the node; `client` is to where. */
  readonly isOutward: boolean
  /** The last word was the program's. Of a node of an earlier release it is not known. */
  readonly isAnswered: boolean
  /** As it is for whoever goes on; missing: the node is of a release that does not say, or it has none. */
  readonly history?: SpliceHistory | undefined
  /** As in OPEN. */
  readonly uniqueId?: string | undefined
}

export interface RowFrame {
  readonly kind: 'row'
  readonly handle: number
  readonly service: string
  readonly row: LedgerRow
}

/** The last of an answer to ASK. */
export interface LedgerFrame {
  readonly kind: 'ledger'
  readonly handle: number
  readonly service: string
  readonly term: Term
  readonly rows: number
}

/** A splice that ends with its director. */
export interface MortalFrame {
  readonly kind: 'mortal'
  readonly handle: number
  readonly service: string
  /** The director's own; of one that is told of in an answer to ASK, the asker's. */
  readonly term: Term
  readonly id: SpliceId
  readonly client: Endpoint
  readonly destination: Endpoint
  /** Where both its halves are. */
  readonly host: NodeId
  /** It has ended, and in order. */
  readonly isOver: boolean
}

const OVER = 1
const FIN_UP = 1
const FIN_ACKNOWLEDGED = 2
const WHOLE = 4
const OUTWARD = 8
const ANSWERED = 16
/** 49 days: of a director that this node has never heard of. */
const U32_MAX = 0xffff_ffff

export function putAsk(out: ByteWriter, { service, term }: AskFrame): void {
  putTerm(out, term)
  putName(out, FIELD.service, service)
}

export function readAsk(handle: number, r: ByteReader): AskFrame {
  const term = readTerm(r)
  return { kind: 'ask', handle, term, service: new Fields(r).name(FIELD.service) }
}

export function putLedger(out: ByteWriter, { service, term, rows }: LedgerFrame): void {
  putTerm(out, term).u32(rows)
  putName(out, FIELD.service, service)
}

export function readLedger(handle: number, r: ByteReader): LedgerFrame {
  const [term, rows] = [readTerm(r), r.u32()]
  return { kind: 'ledger', handle, term, rows, service: new Fields(r).name(FIELD.service) }
}

export function putRow(out: ByteWriter, { service, row }: RowFrame): void {
  const { id, up, acknowledged, down, limit, ageMs, snapshotAgeMs } = row
  const bits =
    (row.finUp ? FIN_UP : 0) |
    (row.finAcknowledged ? FIN_ACKNOWLEDGED : 0) |
    (row.isWhole ? WHOLE : 0) |
    (row.isOutward ? OUTWARD : 0) |
    (row.isAnswered ? ANSWERED : 0)
  putTerm(putId(out, id), row.term).u64(up).u64(acknowledged).u64(down).u64(limit)
  out
    .u64(Math.max(0, Math.floor(ageMs)))
    .u64(Math.max(0, Math.floor(snapshotAgeMs)))
    .u8(bits)
  putName(out, FIELD.service, service)
  putEndpoint(out, FIELD.client, row.client)
  putEndpoint(out, FIELD.destination, row.destination)
  if (row.source !== undefined) putEndpoint(out, FIELD.source, row.source)
  putEndpoint(out, FIELD.local, row.local)
  putEndpoint(out, FIELD.remote, row.remote)
  if (row.snapshot.byteLength > 0) putBytes(out, FIELD.snapshot, row.snapshot)
  if (row.clock !== undefined) putU32(out, FIELD.clock, row.clock)
  if (row.darkMs !== undefined) putU32(out, FIELD.dark, Math.min(U32_MAX, Math.max(0, Math.floor(row.darkMs))))
  if (row.history !== undefined) putHistory(out.u8(FIELD.history).u16(HISTORY_BYTES), row.history)
  if (row.uniqueId) putName(out, FIELD.uniqueId, row.uniqueId)
}

export function readRow(handle: number, r: ByteReader): RowFrame {
  const id = readId(r)
  const term = readTerm(r)
  const [up, acknowledged, down, limit, ageMs, snapshotAgeMs] = [r.u64(), r.u64(), r.u64(), r.u64(), r.u64(), r.u64()]
  const bits = r.u8()
  const f = new Fields(r)
  if (acknowledged > down || limit < down) r.fail()
  const row: LedgerRow = {
    id,
    term,
    client: f.endpoint(FIELD.client),
    destination: f.endpoint(FIELD.destination),
    source: f.has(FIELD.source) ? f.endpoint(FIELD.source) : undefined,
    local: f.endpoint(FIELD.local),
    remote: f.endpoint(FIELD.remote),
    snapshot: f.bytes(FIELD.snapshot),
    snapshotAgeMs,
    clock: f.has(FIELD.clock) ? f.u32(FIELD.clock) : undefined,
    darkMs: f.has(FIELD.dark) ? f.u32(FIELD.dark) : undefined,
    ageMs,
    up,
    finUp: (bits & FIN_UP) !== 0,
    acknowledged,
    finAcknowledged: (bits & FIN_ACKNOWLEDGED) !== 0,
    down,
    limit,
    isWhole: (bits & WHOLE) !== 0,
    isOutward: (bits & OUTWARD) !== 0,
    isAnswered: (bits & ANSWERED) !== 0,
    history: f.has(FIELD.history) ? historyOf(f) : undefined,
    uniqueId: f.has(FIELD.uniqueId) ? f.name(FIELD.uniqueId) : undefined,
  }
  return { kind: 'row', handle, service: f.name(FIELD.service), row }
}

function historyOf(f: Fields): SpliceHistory {
  return readHistory(new ByteReader(f.bytes(FIELD.history)))
}

export function putMortal(out: ByteWriter, frame: MortalFrame): void {
  putNode(putTerm(putId(out, frame.id), frame.term), frame.host).u8(frame.isOver ? OVER : 0)
  putName(out, FIELD.service, frame.service)
  putEndpoint(out, FIELD.client, frame.client)
  putEndpoint(out, FIELD.destination, frame.destination)
}

export function readMortal(handle: number, r: ByteReader): MortalFrame {
  const [id, term, host] = [readId(r), readTerm(r), readNode(r)]
  const isOver = (r.u8() & OVER) !== 0
  const f = new Fields(r)
  const ends = { client: f.endpoint(FIELD.client), destination: f.endpoint(FIELD.destination) }
  return { kind: 'mortal', handle, service: f.name(FIELD.service), term, id, ...ends, host, isOver }
}
