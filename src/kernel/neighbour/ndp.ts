/** Neighbour solicitations and advertisements of IPv6 (RFC 4861, 4.3, 4.4 and 7) over Ethernet. */
import type { Heard, Mac, Said } from '../../address/ports.js'
import { formatIp, parseIp } from '../../base/address.js'
import { ByteReader, ByteWriter } from '../../base/bytes.js'
import { ETH_P_IPV6, ETHERNET_BYTES, macBytes, macText, multicastMac, putEthernet } from './ethernet.js'

const IPV6_BYTES = 40
const NEXT_ICMPV6 = 58
/** Nothing from another link has it: routers take one off. */
const HOP_LIMIT = 255
const SOLICITATION = 135
const ADVERTISEMENT = 136
const OPTION_SOURCE_MAC = 1
const OPTION_TARGET_MAC = 2
const SOLICITED = 0x4000_0000
const OVERRIDE = 0x2000_0000
const NOBODY = new Uint8Array(16)
const ALL_NODES = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
const NS_BYTES_MIN = 24

export function encodeNdp(mac: Mac, said: Said): Uint8Array[] {
  const target = parseIp(said.address) ?? NOBODY
  if (said.kind === 'probe') {
    const group = solicitedNode(target)
    return [
      frame(
        multicastMac(group),
        mac,
        NOBODY,
        group,
        new ByteWriter(24).u8(SOLICITATION).u8(0).u16be(0).u32be(0).put(target),
      ),
    ]
  }
  const asker = said.kind === 'answer' ? (parseIp(said.asker) ?? NOBODY) : NOBODY
  const isToOne = asker.some((byte) => byte !== 0)
  const body = new ByteWriter(32)
    .u8(ADVERTISEMENT)
    .u8(0)
    .u16be(0)
    .u32be((OVERRIDE | (isToOne ? SOLICITED : 0)) >>> 0)
  body.put(target).u8(OPTION_TARGET_MAC).u8(1).put(macBytes(mac))
  const to = said.kind === 'answer' && isToOne ? said.to : multicastMac(ALL_NODES)
  return [frame(to, mac, target, isToOne ? asker : ALL_NODES, body)]
}

/** Total: only what RFC 4861, 7.1 lets be believed. */
export function decodeNdp(bytes: Uint8Array): Heard[] {
  const ip = bytes.subarray(ETHERNET_BYTES, ETHERNET_BYTES + IPV6_BYTES)
  const r = new ByteReader(ip)
  const [version, length, next, hops] = [r.u32be(), r.u16be(), r.u8(), r.u8()]
  const [source, destination] = [r.take(16), r.take(16)]
  if (r.failed || version >>> 28 !== 6 || next !== NEXT_ICMPV6 || hops !== HOP_LIMIT) return []
  const body = bytes.subarray(ETHERNET_BYTES + IPV6_BYTES, ETHERNET_BYTES + IPV6_BYTES + length)
  if (body.byteLength !== length || length < NS_BYTES_MIN || checksum(source, destination, body) !== 0) return []
  const [type, code, target] = [body[0], body[1], body.subarray(8, 24)]
  if (code !== 0 || target[0] === 0xff) return []
  const options = readOptions(body.subarray(24))
  if (options === undefined) return []
  const etherFrom = macText(bytes.subarray(6, 12))
  const address = formatIp(target)
  if (type === ADVERTISEMENT) return [{ kind: 'claim', address, mac: options.get(OPTION_TARGET_MAC) ?? etherFrom }]
  if (type !== SOLICITATION) return []
  // One that has no address yet asks whether anybody has this one: it is about to claim it.
  const asker = formatIp(source)
  return [{ kind: 'question', address, mac: options.get(OPTION_SOURCE_MAC) ?? etherFrom, asker }]
}

/** The group whose members may have the address (RFC 4291, 2.7.1). */
export function solicitedNode(ip: Uint8Array): Uint8Array {
  return Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...ip.subarray(13, 16))
}

/** MAC addresses by the type of their option; `undefined`: damaged. */
function readOptions(bytes: Uint8Array): ReadonlyMap<number, Mac> | undefined {
  const found = new Map<number, Mac>()
  for (let at = 0; at < bytes.byteLength; ) {
    const [type = 0, units = 0] = [bytes[at], bytes[at + 1]]
    if (units === 0 || at + 8 * units > bytes.byteLength) return undefined
    if (units === 1) found.set(type, macText(bytes.subarray(at + 2, at + 8)))
    at += 8 * units
  }
  return found
}

function frame(to: Mac, from: Mac, source: Uint8Array, destination: Uint8Array, body: ByteWriter): Uint8Array {
  body.patchU16be(2, checksum(source, destination, body.view()))
  const out = putEthernet(new ByteWriter(ETHERNET_BYTES + IPV6_BYTES + body.length), to, from, ETH_P_IPV6)
  out
    .u32be(6 * 2 ** 28)
    .u16be(body.length)
    .u8(NEXT_ICMPV6)
    .u8(HOP_LIMIT)
  return out.put(source).put(destination).put(body.view()).finish()
}

/** RFC 4443, 2.3, with the pseudo-header of RFC 8200, 8.1; 0 over what has a right one already. */
function checksum(source: Uint8Array, destination: Uint8Array, body: Uint8Array): number {
  let sum = body.byteLength + NEXT_ICMPV6
  for (const part of [source, destination, body]) {
    for (let at = 0; at < part.byteLength; at += 2) sum += ((part[at] ?? 0) << 8) | (part[at + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
