/** What a TCP segment says beside its bytes (RFC 9293, 3.1), read and written. Total: what is no segment is `undefined`. */
import { type Endpoint, parseIp } from '../base/address.js'

export interface Segment {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly seq: number
  /** What it acknowledges, where the flag says that it does. */
  readonly ack: number
  /** Bytes, and one each for SYN and FIN. */
  readonly length: number
  readonly flags: number
}

export const FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const

const HEADER_BYTES_MIN = 20
export const CHECKSUM_AT = 16

/**
 * `bytes` begin with the TCP header, and may be cut off behind its fixed part; `whole` is the length of the segment on the wire,
 * header and all.
 */
export function readSegment(bytes: Uint8Array, whole: number): Segment | undefined {
  if (bytes.byteLength < HEADER_BYTES_MIN) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = (view.getUint8(12) >> 4) * 4
  if (headerBytes < HEADER_BYTES_MIN || headerBytes > whole) return undefined
  const flags = view.getUint8(13)
  const counted = ((flags & FLAG.syn) === 0 ? 0 : 1) + ((flags & FLAG.fin) === 0 ? 0 : 1)
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    seq: view.getUint32(4),
    ack: view.getUint32(8),
    length: whole - headerBytes + counted,
    flags,
  }
}

const PROTOCOL_TCP = 6
const NOTHING = new Uint8Array(0)

/** Without bytes, options and window; its checksum is right on the way between these ends. */
export function encodeSegment(
  from: Endpoint,
  to: Endpoint,
  { seq, ack, flags }: Pick<Segment, 'seq' | 'ack' | 'flags'>,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES_MIN)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, from.port)
  view.setUint16(2, to.port)
  view.setUint32(4, seq)
  view.setUint32(8, ack)
  view.setUint8(12, (HEADER_BYTES_MIN / 4) << 4)
  view.setUint8(13, flags)
  view.setUint16(CHECKSUM_AT, checksum(parseIp(from.address) ?? NOTHING, parseIp(to.address) ?? NOTHING, bytes))
  return bytes
}

/** Of a segment without bytes, its checksum field 0, between these addresses. */
export function checksum(source: Uint8Array, destination: Uint8Array, segment: Uint8Array): number {
  const sum = wordsOf(source) + wordsOf(destination) + PROTOCOL_TCP + segment.byteLength + wordsOf(segment)
  // In ones' complement: what is beyond 16 bits is added at the other end, twice as that may carry again.
  const folded = (sum & 0xffff) + (sum >>> 16)
  return ~((folded & 0xffff) + (folded >>> 16)) & 0xffff
}

function wordsOf(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.byteLength; at += 2) sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  return sum
}
