/**
 * PROXY protocol version 2, binary (haproxy's doc/proxy-protocol.txt, section 2.2). All integers are big-endian:
 *
 *     signature 12 | version u4 command u4 | family u4 transport u4 | length u16 | addresses | TLVs
 */
import { type Endpoint, formatIp, isIpv6, parseIp } from '../../base/address.js'
import { assert } from '../../base/assert.js'
import { ByteReader, ByteWriter } from '../../base/bytes.js'
import { crc32c } from './crc32c.js'
import type { DecodedHeader, ProxiedHeader, ProxyHeader } from './header.js'
import { CRC32C_BYTES, fitTlvs, TLV, TLV_HEADER_BYTES, type Tlv, UNIQUE_ID_BYTES_MAX } from './tlv.js'

/** Apache's mod_remoteip and old Dovecot take a header of 232 bytes (the sizes of their buffers), MariaDB 256. */
export const SENT_BYTES_MAX = 232
/** Of the checksum, which every header of ours has. */
export const CRC32C_TLV_BYTES = TLV_HEADER_BYTES + CRC32C_BYTES
/** What we accept: as much as nginx does. */
export const RECEIVED_BYTES_MAX = 4_096

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
const FIXED_BYTES = 16
const VERSION = 0x20
const LOCAL = 0x0
const PROXY = 0x1
const INET = 0x10
const INET6 = 0x20
const STREAM = 0x1
const DATAGRAM = 0x2

interface AddressLayout {
  readonly transport: 'unknown' | 'stream' | 'datagram'
  /** Bytes of one IP address; 0 where there is none that we read. */
  readonly ipBytes: number
  /** Bytes of both addresses and ports: where the TLVs begin. */
  readonly bytes: number
}

/** Every byte that the specification allows for family and transport; the others must be rejected. */
const LAYOUTS = new Map<number, AddressLayout>([
  [0x00, { transport: 'unknown', ipBytes: 0, bytes: 0 }],
  [INET | STREAM, { transport: 'stream', ipBytes: 4, bytes: 12 }],
  [INET | DATAGRAM, { transport: 'datagram', ipBytes: 4, bytes: 12 }],
  [INET6 | STREAM, { transport: 'stream', ipBytes: 16, bytes: 36 }],
  [INET6 | DATAGRAM, { transport: 'datagram', ipBytes: 16, bytes: 36 }],
  [0x31, { transport: 'unknown', ipBytes: 0, bytes: 216 }],
  [0x32, { transport: 'unknown', ipBytes: 0, bytes: 216 }],
])

/**
 * At most `bytesMax` bytes, always with CRC32C; TLVs that do not fit are left out, the least important first
 * (`fitTlvs`). To be written in one piece and before anything else: some receivers read it with a single call.
 */
export function encodeProxyV2(header: ProxyHeader, bytesMax = SENT_BYTES_MAX): Uint8Array {
  const out = new ByteWriter(SENT_BYTES_MAX).put(SIGNATURE)
  if (header.command === 'local')
    return out
      .u8(VERSION | LOCAL)
      .u8(0)
      .u16be(0)
      .finish()
  out.u8(VERSION | PROXY)
  if (header.transport === 'unknown') out.u8(0).u16be(0)
  else putAddresses(out, header)
  const checksumAt = out.length + TLV_HEADER_BYTES
  putTlv(out, { type: TLV.crc32c, value: new Uint8Array(CRC32C_BYTES) })
  for (const tlv of fitTlvs(header.tlvs, bytesMax - out.length)) putTlv(out, tlv)
  out.patchU16be(FIXED_BYTES - 2, out.length - FIXED_BYTES)
  return out.patchU32be(checksumAt, crc32c(out.finish())).finish()
}

/** Total: every byte string has an answer, and none of them is an exception. The values in the TLVs are views. */
export function decodeProxyV2(bytes: Uint8Array): DecodedHeader {
  for (let i = 0; i < Math.min(bytes.byteLength, SIGNATURE.byteLength); i++) {
    if (bytes[i] !== SIGNATURE[i]) return malformed(`byte ${i} is not the signature's`)
  }
  if (bytes.byteLength < FIXED_BYTES) return { type: 'need-more', bytesMissing: FIXED_BYTES - bytes.byteLength }
  const r = new ByteReader(bytes.subarray(SIGNATURE.byteLength))
  const [versionAndCommand, familyAndTransport, length] = [r.u8(), r.u8(), r.u16be()]
  if ((versionAndCommand & 0xf0) !== VERSION) return malformed(`version ${versionAndCommand >> 4}`)
  const bytesUsed = FIXED_BYTES + length
  // Checked before anything is awaited: the peer chose this number.
  if (bytesUsed > RECEIVED_BYTES_MAX) return malformed(`header of ${bytesUsed} bytes exceeds ${RECEIVED_BYTES_MAX}`)
  if (bytes.byteLength < bytesUsed) return { type: 'need-more', bytesMissing: bytesUsed - bytes.byteLength }
  const header = readHeader(bytes.subarray(0, bytesUsed), versionAndCommand & 0xf, familyAndTransport)
  return typeof header === 'string' ? malformed(header) : { type: 'header', header, bytesUsed }
}

/** The header, or why it is malformed. */
function readHeader(bytes: Uint8Array, command: number, familyAndTransport: number): ProxyHeader | string {
  // LOCAL: the receiver must skip the whole block, whatever family and length it claims.
  if (command === LOCAL) return { command: 'local' }
  if (command !== PROXY) return `command ${command}`
  const layout = LAYOUTS.get(familyAndTransport)
  if (layout === undefined) return `family and transport ${familyAndTransport}`
  const r = new ByteReader(bytes.subarray(FIXED_BYTES))
  if (r.remaining < layout.bytes) return `${r.remaining} bytes where addresses take ${layout.bytes}`
  const addresses = new ByteReader(r.take(layout.bytes))
  const tlvs = readTlvs(bytes, FIXED_BYTES + layout.bytes)
  if (typeof tlvs === 'string') return tlvs
  if (layout.transport === 'unknown') return { command: 'proxy', transport: 'unknown', tlvs }
  const [source, destination] = [formatIp(addresses.take(layout.ipBytes)), formatIp(addresses.take(layout.ipBytes))]
  return {
    command: 'proxy',
    transport: layout.transport,
    source: { address: source, port: addresses.u16be() },
    destination: { address: destination, port: addresses.u16be() },
    tlvs,
  }
}

/** All TLVs but CRC32C, which is checked, and NOOP; or why they are malformed. */
function readTlvs(header: Uint8Array, start: number): Tlv[] | string {
  const tlvs: Tlv[] = []
  let checksums = 0
  for (let at = start; at < header.byteLength; ) {
    const r = new ByteReader(header.subarray(at))
    const [type, length] = [r.u8(), r.u16be()]
    const value = r.take(length)
    if (r.failed) return `TLV ${type} at byte ${at} goes past the end`
    const valueAt = at + TLV_HEADER_BYTES
    at = valueAt + length
    if (type === TLV.noop) continue
    if (type === TLV.crc32c) {
      if (++checksums > 1 || !checksumFits(header, valueAt, value)) return 'CRC32C does not fit'
      continue
    }
    if (type === TLV.uniqueId && length > UNIQUE_ID_BYTES_MAX) return `UNIQUE_ID of ${length} bytes`
    tlvs.push({ type, value })
  }
  return tlvs
}

/** The checksum is of the whole header with the four bytes of the checksum itself taken as zeros. */
function checksumFits(header: Uint8Array, valueAt: number, value: Uint8Array): boolean {
  if (value.byteLength !== CRC32C_BYTES) return false
  const before = crc32c(header.subarray(0, valueAt))
  const zeros = crc32c(new Uint8Array(CRC32C_BYTES), before)
  return crc32c(header.subarray(valueAt + CRC32C_BYTES), zeros) === new ByteReader(value).u32be()
}

function putAddresses(out: ByteWriter, header: ProxiedHeader): void {
  const { source, destination } = header
  // One header has one family: where they differ, the IPv4 address is written as an IPv4-mapped IPv6 one.
  const family = isIpv6(source.address) || isIpv6(destination.address) ? INET6 : INET
  out.u8(family | (header.transport === 'stream' ? STREAM : DATAGRAM)).u16be(0)
  out.put(ipBytes(source, family)).put(ipBytes(destination, family)).u16be(source.port).u16be(destination.port)
}

function ipBytes(endpoint: Endpoint, family: number): Uint8Array {
  const ip = parseIp(endpoint.address)
  assert(ip !== undefined, `an endpoint holds an IP address, not ${endpoint.address}`)
  return family === INET6 && ip.byteLength === 4 ? Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...ip) : ip
}

function putTlv(out: ByteWriter, tlv: Tlv): void {
  out.u8(tlv.type).u16be(tlv.value.byteLength).put(tlv.value)
}

function malformed(why: string): DecodedHeader {
  return { type: 'malformed', why: `PROXY v2: ${why}` }
}
