/**
 * Entries of the registry as bytes, for links and for fingerprints. All integers little-endian; texts are UTF-8 behind
 * their length as u16.
 *
 *   entry   name ‖ flags u8 (1: removed) ‖ [removed: stamp] ‖ count u16 ‖ cells
 *   cell    field ‖ value as JSON ‖ stamp
 *   stamp   wall u64 (ms) ‖ counter u16 ‖ node 16
 *
 * Cells stand in the order of their names, so equal entries have equal bytes.
 */
import { type ByteReader, ByteWriter, utf8 } from '../base/bytes.js'
import { hash32 } from '../base/hash.js'
import { NODE_ID_BYTES } from '../base/ids.js'
import type { Cell, Entry, Scalar } from './entry.js'
import { isStamp, type Stamp } from './hlc.js'

/** Of one value as JSON text. */
export const VALUE_BYTES_MAX = 4_096
export const NAME_BYTES_MAX = 128
export const FINGERPRINT_BYTES = 8
const REMOVED = 1

export function encodeEntry(entry: Entry): Uint8Array {
  const writer = new ByteWriter().text(entry.name).u8(entry.removed === undefined ? 0 : REMOVED)
  if (entry.removed !== undefined) writeStamp(writer, entry.removed)
  writer.u16(entry.cells.size)
  for (const [field, { value, stamp }] of [...entry.cells].sort(([a], [b]) => (a < b ? -1 : 1))) {
    writeStamp(writer.text(field).text(JSON.stringify(value)), stamp)
  }
  return writer.finish()
}

/** What follows the last cell is a newer release's and is left unread. A malformed entry shows in `reader.failed`. */
export function readEntry(reader: ByteReader): Entry {
  const name = reader.text(NAME_BYTES_MAX)
  const removed = (reader.u8() & REMOVED) === 0 ? undefined : readStamp(reader)
  const cells = new Map<string, Cell>()
  const count = reader.u16()
  for (let i = 0; i < count && !reader.failed; i++) {
    const field = reader.text(NAME_BYTES_MAX)
    const value = parseScalar(reader.text(VALUE_BYTES_MAX))
    const stamp = readStamp(reader)
    // A field that stands twice would make the joined entry depend on the reader.
    if (value === undefined || cells.has(field)) reader.fail()
    else cells.set(field, { value, stamp })
  }
  return { name, removed, cells }
}

/** 16 hex digits that differ, but for chance, when the bytes differ. Against accidents, not against forgers. */
export function fingerprint(bytes: Uint8Array): string {
  const salted = new Uint8Array(bytes.byteLength + 1)
  salted.set(bytes, 1)
  const half = (salt: number): string => {
    salted[0] = salt
    return hash32(salted).toString(16).padStart(8, '0')
  }
  return half(1) + half(2)
}

export function isScalar(value: unknown): value is Scalar {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string'
}

export function scalarBytes(value: Scalar): number {
  return utf8(JSON.stringify(value)).byteLength
}

function parseScalar(json: string): Scalar | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isScalar(value) && scalarBytes(value) <= VALUE_BYTES_MAX ? value : undefined
  } catch {
    return undefined
  }
}

function writeStamp(writer: ByteWriter, { wallMs, counter, node }: Stamp): void {
  writer.u64(wallMs).u16(counter).hex(node)
}

function readStamp(reader: ByteReader): Stamp {
  const stamp: Stamp = { wallMs: reader.u64(), counter: reader.u16(), node: reader.hex(NODE_ID_BYTES) }
  if (!reader.failed && !isStamp(stamp)) reader.fail()
  return stamp
}
