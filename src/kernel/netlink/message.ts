/**
 * Netlink messages (netlink(7)): a header, what the family says, and attributes that begin at multiples of four. Integers are
 * in the byte order of the host, little-endian here.
 */
import { ByteReader, ByteWriter } from '../../base/bytes.js'

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_REPLACE = 0x100
export const NLM_F_DUMP = 0x300
/** What was asked for changed while the kernel answered: parts may be missing. */
export const NLM_F_DUMP_INTR = 0x10

const HEADER_BYTES = 16
const ATTRIBUTE_HEADER_BYTES = 4
/** Flags in an attribute's type: nested, in network order. */
const TYPE_MASK = 0x3fff

export interface NetlinkMessage {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly payload: Uint8Array
}

export type Attributes = ReadonlyMap<number, Uint8Array>

export function encodeMessage({ type, flags, sequence, payload }: NetlinkMessage): Uint8Array {
  const length = HEADER_BYTES + payload.byteLength
  return new ByteWriter(length).u32(length).u16(type).u16(flags).u32(sequence).u32(0).put(payload).finish()
}

/** All whole messages of a datagram; total. */
export function decodeMessages(datagram: Uint8Array): NetlinkMessage[] {
  const messages: NetlinkMessage[] = []
  for (let at = 0; at + HEADER_BYTES <= datagram.byteLength; ) {
    const r = new ByteReader(datagram.subarray(at))
    const [length, type, flags, sequence] = [r.u32(), r.u16(), r.u16(), r.u32()]
    if (length < HEADER_BYTES || at + length > datagram.byteLength) break
    messages.push({ type, flags, sequence, payload: datagram.subarray(at + HEADER_BYTES, at + length) })
    at += aligned(length)
  }
  return messages
}

export function putAttribute(out: ByteWriter, type: number, value: Uint8Array): ByteWriter {
  out
    .u16(ATTRIBUTE_HEADER_BYTES + value.byteLength)
    .u16(type)
    .put(value)
  return out.put(new Uint8Array(aligned(value.byteLength) - value.byteLength))
}

/** Of a type that comes twice the last. What does not parse ends the list. */
export function readAttributes(bytes: Uint8Array): Attributes {
  const found = new Map<number, Uint8Array>()
  for (let at = 0; at + ATTRIBUTE_HEADER_BYTES <= bytes.byteLength; ) {
    const r = new ByteReader(bytes.subarray(at))
    const [length, type] = [r.u16(), r.u16()]
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > bytes.byteLength) break
    found.set(type & TYPE_MASK, bytes.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length))
    at += aligned(length)
  }
  return found
}

/** The errno of an NLMSG_ERROR or NLMSG_DONE, positive; 0: it went well. */
export function errnoOfMessage({ payload }: NetlinkMessage): number {
  const r = new ByteReader(payload)
  const error = r.u32() | 0
  return r.failed ? 0 : -error
}

export function u32Attribute(value: number): Uint8Array {
  return new ByteWriter(4).u32(value).finish()
}

/** Of text that ends with a zero byte. */
export function textOfAttribute(value: Uint8Array | undefined): string {
  if (value === undefined) return ''
  const end = value.indexOf(0)
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end))
}

export function u32OfAttribute(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : new ByteReader(value).u32()
}

function aligned(length: number): number {
  return (length + 3) & ~3
}
