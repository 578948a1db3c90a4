/** Bytes of the splice protocol's frames, both ways; docs/wire.md has the layouts and test vectors. */
import { unreachable } from '../base/assert.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { putDial, putUndialled, readDial, readUndialled } from './dial-frames.js'
import { putAsk, putLedger, putMortal, putRow, readAsk, readLedger, readMortal, readRow } from './ledger-frames.js'
import { REASONS, reasonOf } from './reasons.js'
import {
  FIELD,
  Fields,
  putBytes,
  putEndpoint,
  putId,
  putName,
  putTerm,
  putU32,
  putU64,
  readId,
  readTerm,
} from './splice-fields.js'
import {
  type BareFrame,
  DATA_OFFSET_BYTES,
  type FinState,
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  KIND,
  type OpenedFrame,
  type OpenFrame,
  type ResumeFrame,
  type SpliceFrame,
} from './splice-frame.js'
import { putUnread, putUnserved, readUnread, readUnserved } from './unserved-frames.js'

const FIN_STATES: readonly FinState[] = ['none', 'sent', 'acknowledged']
/** OPEN over IPv4 with a PROXY header of some length; longer ones grow. */
const FRAME_BYTES_USUAL = 256
const TWO_32 = 2 ** 32
export const ACK_BYTES = FRAME_HEADER_BYTES + 20

/** A refusal's detail is for a log line, not for programs. */
const DETAIL_CHARACTERS_MAX = 200

export interface FrameVisitor {
  /** `chunk` is valid only during the call; `offset` has the low 32 bits only. */
  onDataFrame(handle: number, offset: number, chunk: Uint8Array): void
  onAckFrame(handle: number, written: number, acknowledged: number, window: number): void
  onFrame(frame: SpliceFrame): void
}

/**
 * Takes one record's plaintext apart. Total: answers `undefined`, or why the record is malformed; frames before the fault
 * have been visited. Kinds of newer releases are skipped.
 */
export function visitFrames(record: Uint8Array, visitor: FrameVisitor): string | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  let at = 0
  while (at < record.byteLength) {
    if (record.byteLength - at < FRAME_HEADER_BYTES) return `frame header of ${record.byteLength - at} bytes`
    const handle = view.getUint32(at, true)
    const word = view.getUint32(at + 4, true)
    const kind = word & 255
    const length = word >>> 8
    const start = at + FRAME_HEADER_BYTES
    at = start + length
    if (at > record.byteLength) return `frame of ${length} bytes in a record with ${record.byteLength - start} left`
    if (kind === KIND.data) {
      if (length < DATA_OFFSET_BYTES) return `DATA of ${length} bytes`
      visitor.onDataFrame(handle, view.getUint32(start, true), record.subarray(start + DATA_OFFSET_BYTES, at))
      continue
    }
    if (kind === KIND.ack && length >= ACK_BYTES - FRAME_HEADER_BYTES) {
      const u64 = (from: number) => view.getUint32(from, true) + view.getUint32(from + 4, true) * TWO_32
      visitor.onAckFrame(handle, u64(start), u64(start + 8), view.getUint32(start + 16, true))
      continue
    }
    const frame = decodePayload(kind, handle, new ByteReader(record.subarray(start, at)))
    if (frame === 'malformed') return `malformed frame of kind ${kind} and ${length} bytes`
    if (frame !== undefined) visitor.onFrame(frame)
  }
  return undefined
}

/** Writes DATA's header and offset at `at`; the bytes follow it. Returns where they go. */
export function writeDataHeader(into: Uint8Array, at: number, handle: number, offset: number, length: number): number {
  const start = writeHeader(into, at, handle, KIND.data, length + DATA_OFFSET_BYTES)
  writeU32(into, start, offset % TWO_32)
  return start + DATA_OFFSET_BYTES
}

/** The most frequent of the others, written in place; ends at `at` + ACK_BYTES. */
export function writeAck(
  into: Uint8Array,
  at: number,
  handle: number,
  written: number,
  acknowledged: number,
  window: number,
): void {
  const start = writeHeader(into, at, handle, KIND.ack, ACK_BYTES - FRAME_HEADER_BYTES)
  writeU32(into, start, written % TWO_32)
  writeU32(into, start + 4, Math.floor(written / TWO_32))
  writeU32(into, start + 8, acknowledged % TWO_32)
  writeU32(into, start + 12, Math.floor(acknowledged / TWO_32))
  writeU32(into, start + 16, window)
}

function writeHeader(into: Uint8Array, at: number, handle: number, kind: number, length: number): number {
  writeU32(into, at, handle)
  writeU32(into, at + 4, (kind | (length << 8)) >>> 0)
  return at + FRAME_HEADER_BYTES
}

function writeU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value
  into[at + 1] = value >>> 8
  into[at + 2] = value >>> 16
  into[at + 3] = value >>> 24
}

/** Every frame is copied away before the next is made. */
const scratch = new ByteWriter(FRAME_BYTES_USUAL)

/**
 * All frames but DATA; valid until the next call. The caller keeps to the bounds of the fields; OPEN's must fit
 * `FRAME_PAYLOAD_BYTES_MAX`.
 */
export function frameBytes(frame: SpliceFrame): Uint8Array {
  scratch.reset().u32(frame.handle).u32(0)
  encodePayload(frame, scratch)
  const word = KIND[frame.kind] | ((scratch.length - FRAME_HEADER_BYTES) << 8)
  return scratch.patchU32(4, word >>> 0).view()
}

/** The same, to keep. */
export function encodeFrame(frame: SpliceFrame): Uint8Array {
  return frameBytes(frame).slice()
}

export function fitsFrame(encoded: Uint8Array): boolean {
  return encoded.byteLength <= FRAME_PAYLOAD_BYTES_MAX + FRAME_HEADER_BYTES
}

function encodePayload(frame: SpliceFrame, out: ByteWriter): void {
  switch (frame.kind) {
    case 'open':
      putTerm(putId(out, frame.id), frame.term)
      putOpenFields(out, frame)
      break
    case 'opened':
      putEndpoint(out, FIELD.local, frame.local)
      putEndpoint(out, FIELD.remote, frame.remote)
      putU32(out, FIELD.window, frame.window)
      break
    case 'refused':
      out.u8(REASONS[frame.reason]).text(frame.detail.slice(0, DETAIL_CHARACTERS_MAX))
      break
    case 'ack':
      out.u64(frame.written).u64(frame.acknowledged).u32(frame.window)
      break
    case 'fin':
      out.u64(frame.offset)
      break
    case 'reset':
    case 'goodbye':
      out.u8(REASONS[frame.reason])
      break
    case 'resume':
      putTerm(putId(out, frame.id), frame.term)
      putProgress(out, frame)
      putName(out, FIELD.service, frame.service)
      if (frame.snapshot.byteLength > 0) {
        putBytes(out, FIELD.snapshot, frame.snapshot)
        putU64(out, FIELD.snapshotAgeMs, frame.snapshotAgeMs)
      }
      break
    case 'resumed':
      putProgress(out, frame)
      break
    case 'freeze':
      if (frame.clock !== undefined) out.u32(frame.clock)
      break
    case 'thaw':
    case 'confirm':
      break
    case 'hello':
      out.u16(frame.versionMin).u16(frame.versionMax).u32(frame.features).u16(frame.lane)
      break
    case 'ping':
    case 'pong':
    case 'barrier':
    case 'passed':
      out.u32(frame.token)
      break
    case 'ask':
      putAsk(out, frame)
      break
    case 'row':
      putRow(out, frame)
      break
    case 'ledger':
      putLedger(out, frame)
      break
    case 'mortal':
      putMortal(out, frame)
      break
    case 'dial':
      putDial(out, frame)
      break
    case 'undialled':
      putUndialled(out, frame)
      break
    case 'unserved':
      putUnserved(out, frame)
      break
    case 'unread':
      putUnread(out, frame)
      break
    default:
      unreachable(frame)
  }
}

function decodePayload(kind: number, handle: number, r: ByteReader): SpliceFrame | 'malformed' | undefined {
  const frame = readPayload(kind, handle, r)
  return r.failed ? 'malformed' : frame
}

function readPayload(kind: number, handle: number, r: ByteReader): SpliceFrame | undefined {
  switch (kind) {
    case KIND.ack:
      return { kind: 'ack', handle, written: r.u64(), acknowledged: r.u64(), window: r.u32() }
    case KIND.fin:
      return { kind: 'fin', handle, offset: r.u64() }
    case KIND.reset:
      return { kind: 'reset', handle, reason: reasonOf(r.u8()) }
    case KIND.goodbye:
      return { kind: 'goodbye', handle, reason: reasonOf(r.u8()) }
    case KIND.refused:
      return { kind: 'refused', handle, reason: reasonOf(r.u8()), detail: r.text(1024) }
    case KIND.open:
      return readOpen(handle, r)
    case KIND.opened:
      return readOpened(handle, r)
    case KIND.resume:
      return readResume(handle, r)
    case KIND.resumed:
      return { kind: 'resumed', handle, ...readProgress(r) }
    case KIND.freeze:
      return { kind: 'freeze', handle, clock: r.remaining === 0 ? undefined : r.u32() }
    case KIND.thaw:
      return bare('thaw', handle)
    case KIND.confirm:
      return bare('confirm', handle)
    case KIND.hello:
      return { kind: 'hello', handle, versionMin: r.u16(), versionMax: r.u16(), features: r.u32(), lane: r.u16() }
    case KIND.ping:
      return { kind: 'ping', handle, token: r.u32() }
    case KIND.pong:
      return { kind: 'pong', handle, token: r.u32() }
    case KIND.barrier:
      return { kind: 'barrier', handle, token: r.u32() }
    case KIND.passed:
      return { kind: 'passed', handle, token: r.u32() }
    case KIND.ask:
      return readAsk(handle, r)
    case KIND.row:
      return readRow(handle, r)
    case KIND.ledger:
      return readLedger(handle, r)
    case KIND.mortal:
      return readMortal(handle, r)
    case KIND.dial:
      return readDial(handle, r)
    case KIND.undialled:
      return readUndialled(handle, r)
    case KIND.unserved:
      return readUnserved(handle, r)
    case KIND.unread:
      return readUnread(handle, r)
    default:
      return undefined
  }
}

function bare(kind: BareFrame['kind'], handle: number): BareFrame {
  return { kind, handle }
}

function putOpenFields(out: ByteWriter, frame: OpenFrame): void {
  putName(out, FIELD.service, frame.service)
  putU32(out, FIELD.port, frame.port)
  putEndpoint(out, FIELD.client, frame.client)
  putEndpoint(out, FIELD.destination, frame.destination)
  if (frame.source !== undefined) putEndpoint(out, FIELD.source, frame.source)
  putU32(out, FIELD.connectMs, frame.connectMs)
  putU32(out, FIELD.keepaliveMs, frame.keepaliveMs)
  putU32(out, FIELD.window, frame.window)
  if (frame.proxyHeader.byteLength > 0) putBytes(out, FIELD.proxyHeader, frame.proxyHeader)
  if (frame.snapshot.byteLength > 0) putBytes(out, FIELD.snapshot, frame.snapshot)
  if (frame.call !== 0) putU32(out, FIELD.call, frame.call)
  if (frame.uniqueId) putName(out, FIELD.uniqueId, frame.uniqueId)
}

function readOpen(handle: number, r: ByteReader): OpenFrame {
  const id = readId(r)
  const term = readTerm(r)
  const f = new Fields(r)
  return {
    kind: 'open',
    handle,
    id,
    term,
    service: f.name(FIELD.service),
    port: f.u32(FIELD.port),
    client: f.endpoint(FIELD.client),
    destination: f.endpoint(FIELD.destination),
    source: f.has(FIELD.source) ? f.endpoint(FIELD.source) : undefined,
    connectMs: f.u32(FIELD.connectMs),
    keepaliveMs: f.u32(FIELD.keepaliveMs),
    window: f.u32(FIELD.window),
    proxyHeader: f.bytes(FIELD.proxyHeader),
    snapshot: f.bytes(FIELD.snapshot),
    call: f.u32(FIELD.call),
    uniqueId: f.has(FIELD.uniqueId) ? f.name(FIELD.uniqueId) : undefined,
  }
}

function readResume(handle: number, r: ByteReader): ResumeFrame {
  const id = readId(r)
  const term = readTerm(r)
  const progress = readProgress(r)
  const f = new Fields(r)
  const [snapshot, snapshotAgeMs] = [f.bytes(FIELD.snapshot), f.u64(FIELD.snapshotAgeMs)]
  return { kind: 'resume', handle, id, term, ...progress, service: f.name(FIELD.service), snapshot, snapshotAgeMs }
}

function readOpened(handle: number, r: ByteReader): OpenedFrame {
  const f = new Fields(r)
  const [local, remote] = [f.endpoint(FIELD.local), f.endpoint(FIELD.remote)]
  return { kind: 'opened', handle, local, remote, window: f.u32(FIELD.window) }
}

type Progress = { up: number; down: number; finUp: FinState; finDown: FinState; window: number }

function putProgress(out: ByteWriter, p: Progress): void {
  out.u64(p.up).u64(p.down).u8(FIN_STATES.indexOf(p.finUp)).u8(FIN_STATES.indexOf(p.finDown)).u32(p.window)
}

function readProgress(r: ByteReader): Progress {
  const [up, down] = [r.u64(), r.u64()]
  const [finUp, finDown] = [FIN_STATES[r.u8()], FIN_STATES[r.u8()]]
  if (finUp === undefined || finDown === undefined) r.fail()
  return { up, down, finUp: finUp ?? 'none', finDown: finDown ?? 'none', window: r.u32() }
}
