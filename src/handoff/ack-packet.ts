/** An acknowledgement in the kernel's place, as a whole packet: RFC 9293, 3.1; RFC 791 and RFC 8200. */
import { type Endpoint, parseIp } from '../base/address.js'
import type { AckWords } from './ports.js'
import { CHECKSUM_AT, checksum, FLAG } from './segment.js'

const TCP_BYTES = 20
const [IP4_BYTES, IP6_BYTES] = [20, 40]
const PROTOCOL_TCP = 6
const HOPS = 64
const DO_NOT_FRAGMENT = 0x4000
const NOTHING = new Uint8Array(0)

/** The kernel fills in an IPv4 header's checksum, length and identification (raw(7)). */
export function encodeAckPacket(from: Endpoint, to: Endpoint, { seq, ack, window, options }: AckWords): Uint8Array {
  const [source, destination] = [parseIp(from.address) ?? NOTHING, parseIp(to.address) ?? NOTHING]
  const isV4 = source.byteLength === 4
  const ipBytes = isV4 ? IP4_BYTES : IP6_BYTES
  const tcpBytes = TCP_BYTES + options.byteLength
  const packet = new Uint8Array(ipBytes + tcpBytes)
  const segment = packet.subarray(ipBytes)
  const [ip, tcp] = [new DataView(packet.buffer, 0, ipBytes), new DataView(packet.buffer, ipBytes)]
  if (isV4) {
    ip.setUint8(0, 0x40 | (IP4_BYTES / 4))
    ip.setUint16(2, packet.byteLength)
    ip.setUint16(6, DO_NOT_FRAGMENT)
    ip.setUint8(8, HOPS)
    ip.setUint8(9, PROTOCOL_TCP)
  } else {
    ip.setUint8(0, 0x60)
    ip.setUint16(4, tcpBytes)
    ip.setUint8(6, PROTOCOL_TCP)
    ip.setUint8(7, HOPS)
  }
  packet.set(source, isV4 ? 12 : 8)
  packet.set(destination, isV4 ? 16 : 24)
  tcp.setUint16(0, from.port)
  tcp.setUint16(2, to.port)
  tcp.setUint32(4, seq)
  tcp.setUint32(8, ack)
  tcp.setUint8(12, (tcpBytes / 4) << 4)
  tcp.setUint8(13, FLAG.ack)
  tcp.setUint16(14, window)
  segment.set(options, TCP_BYTES)
  tcp.setUint16(CHECKSUM_AT, checksum(source, destination, segment))
  return packet
}
