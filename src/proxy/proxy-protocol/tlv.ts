/** Type-length-value fields at the end of a version 2 header: `type u8 | length u16 | value` (section 2.2). */
import { ByteReader, ByteWriter, fromUtf8, utf8 } from '../../base/bytes.js'
import { formatSpliceId, NODE_ID_BYTES, type SpliceId, type Term } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'

export interface Tlv {
  readonly type: number
  readonly value: Uint8Array
}

export const TLV = {
  alpn: 0x01,
  /** The host name that the client asked for (SNI), UTF-8. */
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  /** Opaque, at most 128 bytes. Ours is `formatSpliceId`, which stays the same through every move; one from in front is passed on. */
  uniqueId: 0x05,
  ssl: 0x20,
  netns: 0x30,
  // E0–EF are for the application's own use.
  /** Name of the service whose address the client connected to, UTF-8. */
  service: 0xe0,
  /** Name of the node that was chosen to serve the connection, UTF-8. */
  node: 0xe1,
  /** Term of the director that accepted the connection: number as u64, big-endian, then its holder's node id, 16 bytes. */
  term: 0xe2,
  /** For how long that director had directed when it accepted the connection: milliseconds as u32, big-endian, 49 days at most. */
  since: 0xe3,
  /** `formatSpliceId`, where UNIQUE_ID is that of a proxy in front. */
  splice: 0xe4,
} as const

/** Those of a proxy in front are replaced. */
const OURS: ReadonlySet<number> = new Set([TLV.service, TLV.node, TLV.term, TLV.since, TLV.splice])

export const TLV_HEADER_BYTES = 3
export const CRC32C_BYTES = 4
export const UNIQUE_ID_BYTES_MAX = 128

/** Most important first. What is not named here is a proxy's in front, and comes before all of these. */
const IMPORTANCE: readonly number[] = [TLV.uniqueId, TLV.term, TLV.service, TLV.node, TLV.splice, TLV.since]
const U32_MAX = 0xffff_ffff

/** What a backend is told about a splice, beside the addresses. */
export interface SpliceIdentity {
  readonly id: SpliceId
  readonly service: string
  readonly node: string
  readonly term: Term
  readonly sinceMs: Millis
}

/** Of what a proxy in front has said: all that is not ours to say. */
export function passedOn(tlvs: readonly Tlv[]): Tlv[] {
  return tlvs.filter(({ type }) => !OURS.has(type))
}

/** `front`: what is passed on. */
export function identityTlvs(identity: SpliceIdentity, front: readonly Tlv[] = []): Tlv[] {
  const hasUniqueId = findTlv(front, TLV.uniqueId) !== undefined
  const since = Math.min(U32_MAX, Math.max(0, Math.floor(identity.sinceMs)))
  return [
    ...front,
    { type: hasUniqueId ? TLV.splice : TLV.uniqueId, value: utf8(formatSpliceId(identity.id)) },
    { type: TLV.service, value: utf8(identity.service) },
    { type: TLV.node, value: utf8(identity.node) },
    { type: TLV.term, value: encodeTerm(identity.term) },
    { type: TLV.since, value: new ByteWriter(4).u32be(since).finish() },
  ]
}

export function encodeTerm(term: Term): Uint8Array {
  return new ByteWriter(24)
    .u32be(Math.floor(term.number / 2 ** 32))
    .u32be(term.number % 2 ** 32)
    .hex(term.holder)
    .finish()
}

/** `undefined` where the value is no term, such as one from a number of 2⁵³ or above. Longer values may come later. */
export function decodeTerm(value: Uint8Array): Term | undefined {
  const r = new ByteReader(value)
  const [high, low, holder] = [r.u32be(), r.u32be(), r.hex(NODE_ID_BYTES)]
  return r.failed || high > 0x1fffff ? undefined : { number: high * 2 ** 32 + low, holder }
}

export function findTlv(tlvs: readonly Tlv[], type: number): Uint8Array | undefined {
  return tlvs.find((tlv) => tlv.type === type)?.value
}

/** The value as text; bytes that are no UTF-8 become replacement characters. */
export function tlvText(tlvs: readonly Tlv[], type: number): string | undefined {
  const value = findTlv(tlvs, type)
  return value === undefined ? undefined : fromUtf8(value)
}

export function tlvBytes(tlv: Tlv): number {
  return TLV_HEADER_BYTES + tlv.value.byteLength
}

/**
 * Those that fit into `bytesMax`, in the order given. The more important choose first; each is sent whole or not at all,
 * because half an identity is a wrong one.
 */
export function fitTlvs(tlvs: readonly Tlv[], bytesMax: number): Tlv[] {
  const byImportance = tlvs.filter(isSendable).sort((a, b) => rank(a) - rank(b))
  const chosen = new Set<Tlv>()
  let left = bytesMax
  for (const tlv of byImportance) {
    if (tlvBytes(tlv) > left) continue
    left -= tlvBytes(tlv)
    chosen.add(tlv)
  }
  return tlvs.filter((tlv) => chosen.has(tlv))
}

function isSendable(tlv: Tlv): boolean {
  if (tlv.type === TLV.crc32c || tlv.type === TLV.noop) return false
  return tlv.type !== TLV.uniqueId || tlv.value.byteLength <= UNIQUE_ID_BYTES_MAX
}

function rank(tlv: Tlv): number {
  return IMPORTANCE.indexOf(tlv.type)
}
