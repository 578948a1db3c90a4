/** What a TCP segment says beside its bytes (RFC 9293, 3.1). Total: what is no segment is `undefined`. */

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
