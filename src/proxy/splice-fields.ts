/**
 * The building blocks of splice frames: ids, terms, and the typed fields in which a frame ends. Two frames with fields
 * belong to each new connection, so nothing here allocates what the last frame had already.
 */
import { type Endpoint, formatIp, ipv4Text, parseIp } from '../base/address.js'
import { ByteReader, type ByteWriter, fromHex, fromUtf8, toHex, utf8 } from '../base/bytes.js'
import { NODE_ID_BYTES, type NodeId, type SpliceId, type Term } from '../base/ids.js'
import { Recent, RecentTexts } from '../base/recent.js'

const NOTHING = new Uint8Array(0)
const NO_ENDPOINT: Endpoint = { address: '0.0.0.0', port: 0 }
const IPV4_ENDPOINT_BYTES = 6
const IPV6_ENDPOINT_BYTES = 18

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
  snapshotAgeMs: 12,
  clock: 13,
  dark: 14,
  /** A wish that the splice answers (proxy/dial-frames). */
  call: 15,
  source: 19,
  /** How often the splice has changed its director (proxy/splice-history). */
  history: 20,
  /** What a proxy in front has named the connection. */
  uniqueId: 21,
} as const

/** Types from here on belong to later releases. */
const TYPES = 22

const nodeBytes = new Recent(fromHex)
const ipBytes = new Recent((address: string) => parseIp(address) ?? NOTHING)
const nameBytes = new Recent(utf8)
const nodes = new RecentTexts(toHex)
const names = new RecentTexts(fromUtf8)

export function putId(out: ByteWriter, id: SpliceId): ByteWriter {
  return out.put(nodeBytes.of(id.node)).u32(id.boot).u64(id.counter)
}

export function readId(r: ByteReader): SpliceId {
  return { node: readNode(r), boot: r.u32(), counter: r.u64() }
}

export function putNode(out: ByteWriter, node: NodeId): ByteWriter {
  return out.put(nodeBytes.of(node))
}

export function putTerm(out: ByteWriter, term: Term): ByteWriter {
  return putNode(out.u64(term.number), term.holder)
}

export function readTerm(r: ByteReader): Term {
  return { number: r.u64(), holder: readNode(r) }
}

export function readNode(r: ByteReader): NodeId {
  const start = r.skip(NODE_ID_BYTES)
  return r.failed ? '' : nodes.of(r.bytes, start, start + NODE_ID_BYTES)
}

export function putBytes(out: ByteWriter, type: number, value: Uint8Array): void {
  out.u8(type).u16(value.byteLength).put(value)
}

export function putName(out: ByteWriter, type: number, name: string): void {
  putBytes(out, type, nameBytes.of(name))
}

export function putU32(out: ByteWriter, type: number, value: number): void {
  out.u8(type).u16(4).u32(value)
}

/** Rounded down to a whole number that is not negative. */
export function putU64(out: ByteWriter, type: number, value: number): void {
  out
    .u8(type)
    .u16(8)
    .u64(Math.max(0, Math.floor(value)))
}

export function putEndpoint(out: ByteWriter, type: number, { address, port }: Endpoint): void {
  const ip = ipBytes.of(address)
  out
    .u8(type)
    .u16(ip.byteLength + 2)
    .put(ip)
    .u16(port)
}

/** Where each field of the frame in hand begins and ends: a frame is read to its end before the next one is begun. */
const starts = new Int32Array(TYPES)
const ends = new Int32Array(TYPES)

/**
 * The fields at the end of a frame, to be asked for before another frame is read. A missing one reads as zero or empty; a
 * damaged one fails the frame; of two of a type the first counts.
 */
export class Fields {
  constructor(private readonly r: ByteReader) {
    starts.fill(0)
    ends.fill(0)
    while (!r.failed && r.remaining > 0) {
      const type = r.u8()
      const length = r.u16()
      const start = r.skip(length)
      if (type >= TYPES || ends[type] !== 0 || r.failed) continue
      starts[type] = start
      ends[type] = start + length
    }
  }

  /** A copy: it may be kept. */
  bytes(type: number): Uint8Array {
    return this.#isEmpty(type) ? NOTHING : this.r.bytes.slice(starts[type], ends[type])
  }

  name(type: number): string {
    return this.#isEmpty(type) ? '' : names.of(this.r.bytes, starts[type] as number, ends[type] as number)
  }

  u32(type: number): number {
    if (this.#isEmpty(type)) return 0
    const field = new ByteReader(this.r.bytes, starts[type], ends[type])
    const number = field.u32()
    if (field.failed) this.r.fail()
    return number
  }

  u64(type: number): number {
    if (this.#isEmpty(type)) return 0
    const field = new ByteReader(this.r.bytes, starts[type], ends[type])
    const number = field.u64()
    if (field.failed) this.r.fail()
    return number
  }

  endpoint(type: number): Endpoint {
    if (this.#isEmpty(type)) return NO_ENDPOINT
    const { bytes } = this.r
    const [start, end] = [starts[type] as number, ends[type] as number]
    const port = (bytes[end - 2] as number) | ((bytes[end - 1] as number) << 8)
    if (end - start === IPV4_ENDPOINT_BYTES) return { address: ipv4Text(bytes, start), port }
    if (end - start === IPV6_ENDPOINT_BYTES) return { address: formatIp(bytes.subarray(start, end - 2)), port }
    this.r.fail()
    return NO_ENDPOINT
  }

  has(type: number): boolean {
    return !this.#isEmpty(type)
  }

  #isEmpty(type: number): boolean {
    return (ends[type] as number) <= (starts[type] as number)
  }
}
