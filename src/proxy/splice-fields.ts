/** The building blocks of splice frames: ids, terms, and the typed fields in which a frame ends. */
import { type Endpoint, formatIp, parseIp } from '../base/address.js'
import { ByteReader, ByteWriter, fromUtf8 } from '../base/bytes.js'
import { NODE_ID_BYTES, type SpliceId, type Term } from '../base/ids.js'

const NOTHING = new Uint8Array(0)
const NO_ENDPOINT: Endpoint = { address: '0.0.0.0', port: 0 }

/** Field types; numbers never change their meaning. */
export const FIELD = {
  service: 1,
  port: 2,
  client: 3,
  destination: 4,
  connectMs: 5,
  keepaliveMs: 6,
  window: 7,
  proxyHeader: 8,
  snapshot: 9,
  local: 10,
  remote: 11,
} as const

export function putId(out: ByteWriter, id: SpliceId): ByteWriter {
  return out.hex(id.node).u32(id.boot).u64(id.counter)
}

export function readId(r: ByteReader): SpliceId {
  return { node: r.hex(NODE_ID_BYTES), boot: r.u32(), counter: r.u64() }
}

export function putTerm(out: ByteWriter, term: Term): void {
  out.u64(term.number).hex(term.holder)
}

export function readTerm(r: ByteReader): Term {
  return { number: r.u64(), holder: r.hex(NODE_ID_BYTES) }
}

export function putField(out: ByteWriter, type: number, value: Uint8Array): void {
  out.u8(type).u16(value.byteLength).put(value)
}

export function u32Bytes(value: number): Uint8Array {
  return new ByteWriter(4).u32(value).finish()
}

export function endpointBytes(endpoint: Endpoint): Uint8Array {
  return new ByteWriter(20)
    .put(parseIp(endpoint.address) ?? NOTHING)
    .u16(endpoint.port)
    .finish()
}

/** The fields at the end of a frame. A missing one reads as zero or empty; a damaged one fails the frame. */
export function fieldsOf(r: ByteReader) {
  const fields = new Map<number, Uint8Array>()
  while (!r.failed && r.remaining > 0) {
    const type = r.u8()
    const value = r.take(r.u16())
    if (!fields.has(type)) fields.set(type, value)
  }
  const bytes = (type: number) => fields.get(type) ?? NOTHING
  return {
    bytes,
    text: (type: number) => fromUtf8(bytes(type)),
    u32: (type: number) => {
      const value = bytes(type)
      if (value.byteLength === 0) return 0
      const field = new ByteReader(value)
      const number = field.u32()
      if (field.failed) r.fail()
      return number
    },
    endpoint: (type: number): Endpoint => {
      const value = bytes(type)
      if (value.byteLength === 0) return NO_ENDPOINT
      if (value.byteLength !== 6 && value.byteLength !== 18) {
        r.fail()
        return NO_ENDPOINT
      }
      const field = new ByteReader(value)
      return { address: formatIp(field.take(value.byteLength - 2)), port: field.u16() }
    },
  }
}
