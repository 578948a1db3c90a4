/**
 * From what a packet socket captures to an IP packet that can be given to another host: without the frame around it, and with the
 * checksum that the sender's kernel left to a card to fill in (a virtual one never does, and merged segments have none).
 */
import { canonicalIp, formatIp } from '../base/address.js'
import { ByteReader } from '../base/bytes.js'
import { ETHERNET_BYTES } from './neighbour/ethernet.js'

/** `struct virtio_net_hdr` (linux/virtio_net.h), in front of each frame. */
export const VIRTIO_HEADER_BYTES = 10
const NEEDS_CHECKSUM = 1
const PROTOCOL_TCP = 6

const [IPV4_HEADER_BYTES_MIN, IPV6_HEADER_BYTES] = [20, 40]

/** A copy; `undefined`: no whole packet. */
export function packetOf(captured: Uint8Array): Uint8Array | undefined {
  const header = new ByteReader(captured)
  const flags = header.u8()
  header.skip(5)
  const [checksumFrom, checksumAt] = [header.u16(), header.u16()]
  header.skip(ETHERNET_BYTES)
  const rest = header.rest()
  const length = lengthOf(rest)
  // A frame may have been filled up to the least that Ethernet carries.
  if (header.failed || length === undefined || length > rest.byteLength) return undefined
  const packet = rest.slice(0, length)
  if ((flags & NEEDS_CHECKSUM) === 0) return packet
  const from = checksumFrom - ETHERNET_BYTES
  const at = from + checksumAt
  if (from < 0 || at + 2 > length) return undefined
  // The sum over the pseudo header is there already (RFC 1071, 2 (4)).
  const sum = ~foldedSum(packet, from) & 0xffff
  packet[at] = sum >> 8
  packet[at + 1] = sum & 255
  return packet
}

/** A whole packet of TCP to that address, from somebody who can be answered from another interface than it comes by. */
export function isSegmentTo(packet: Uint8Array, address: string): boolean {
  if (lengthOf(packet) !== packet.byteLength) return false
  const isV6 = (packet[0] ?? 0) >> 4 === 6
  const [protocolAt, sourceAt, bytes] = isV6 ? [6, 8, 16] : [9, 12, 4]
  const isLinkLocal = isV6 && packet[sourceAt] === 0xfe && ((packet[sourceAt + 1] ?? 0) & 0xc0) === 0x80
  const to = packet.subarray(sourceAt + bytes, sourceAt + 2 * bytes)
  return packet[protocolAt] === PROTOCOL_TCP && !isLinkLocal && formatIp(to) === canonicalIp(address)
}

function lengthOf(packet: Uint8Array): number | undefined {
  const version = (packet[0] ?? 0) >> 4
  const least = version === 4 ? IPV4_HEADER_BYTES_MIN : IPV6_HEADER_BYTES
  if ((version !== 4 && version !== 6) || packet.byteLength < least) return undefined
  const r = new ByteReader(packet, version === 4 ? 2 : 4)
  const said = r.u16be() + (version === 4 ? 0 : IPV6_HEADER_BYTES)
  // One that is longer than its header can say (RFC 2675) says nothing.
  return said > least ? said : undefined
}

function foldedSum(bytes: Uint8Array, from: number): number {
  let sum = 0
  for (let i = from; i < bytes.byteLength; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return sum
}
