/** Interfaces, addresses and routes of a host as rtnetlink tells of them (rtnetlink(7)), and the requests that change them. */
import { formatIp, isIpv6, parseIp } from '../../base/address.js'
import { ByteReader, ByteWriter } from '../../base/bytes.js'
import { AF_INET, AF_INET6 } from '../constants.js'
import { putAttribute, readAttributes, textOfAttribute, u32Attribute, u32OfAttribute } from './message.js'

export const RTM_NEWLINK = 16
export const RTM_GETLINK = 18
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26

const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MASTER = 10
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_AF_SPEC = 26
const IFLA_INET6_ADDR_GEN_MODE = 8
const IN6_ADDR_GEN_MODE_NONE = 1
const IFLA_INET_CONF = 1
/** linux/ip.h. */
const IPV4_DEVCONF_RP_FILTER = 8
const RP_FILTER_LOOSE = 2
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
/** Preferred and valid lifetime in seconds, and two times that only the kernel writes. */
const IFA_CACHEINFO = 6
const FOR_EVER = 0xffff_ffff
const IFA_FLAGS = 8
const IFA_F_NODAD = 0x02
const RTA_DST = 1
const RTA_OIF = 4
const RTA_PRIORITY = 6
const RT_TABLE_MAIN = 254
const RTPROT_KERNEL = 2
const RTM_TABLE_AT = 4
const RTM_PROTOCOL_AT = 5
const RTM_TYPE_AT = 7
const RTN_LOCAL = 2

const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
const IFF_POINTOPOINT = 0x10
const IFF_NOARP = 0x80
const IFF_MULTICAST = 0x1000
/** The cable is in (IFF_LOWER_UP). */
const IFF_LOWER_UP = 0x10000

const ETHER_BYTES = 6

export interface NetLink {
  readonly index: number
  readonly name: string
  /** `bridge`, `vlan`, `bond`, `tun`, …; empty for a plain card. */
  readonly kind: string
  /** Six bytes; empty where it has none. */
  readonly mac: Uint8Array
  readonly isUp: boolean
  readonly hasCarrier: boolean
  readonly isLoopback: boolean
  readonly isPointToPoint: boolean
  readonly hasNeighbours: boolean
  readonly hasMulticast: boolean
  /** Index of the bridge or bond that it is a part of; 0: none. */
  readonly master: number
}

export interface NetAddress {
  readonly index: number
  readonly address: string
  readonly prefix: number
}

export interface NetRoute {
  readonly index: number
  /** `undefined`: the default route. */
  readonly to: { readonly address: string; readonly prefix: number } | undefined
  readonly isIpv6: boolean
  /** The lower wins. */
  readonly metric: number
}

/** A dump of all of a kind: `struct ifinfomsg`, `ifaddrmsg` or `rtmsg`, of which only the family counts. */
export function dumpRequest(family: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes)
  out[0] = family
  return out
}

export const IFINFOMSG_BYTES = 16
export const IFADDRMSG_BYTES = 8
const RTMSG_BYTES = 12

/** Of the main table, made by the kernel itself. */
export function subnetRoutesRequest(family: number): Uint8Array {
  const out = dumpRequest(family, RTMSG_BYTES)
  out[RTM_TABLE_AT] = RT_TABLE_MAIN
  out[RTM_PROTOCOL_AT] = RTPROT_KERNEL
  return out
}

/** Which way a packet to that address would go. */
export function wayRequest(address: string): Uint8Array {
  const ip = parseIp(address) ?? new Uint8Array(0)
  const out = new ByteWriter(32)
  out
    .u8(isIpv6(address) ? AF_INET6 : AF_INET)
    .u8(8 * ip.byteLength)
    .put(new Uint8Array(RTMSG_BYTES - 2))
  return putAttribute(out, RTA_DST, ip).finish()
}

/** The answer: to this very host. */
export function isWayHere(payload: Uint8Array): boolean {
  return payload[RTM_TYPE_AT] === RTN_LOCAL
}

export function decodeLink(payload: Uint8Array): NetLink | undefined {
  const r = new ByteReader(payload)
  r.take(4)
  const [index, flags] = [r.u32(), r.u32()]
  r.take(4)
  if (r.failed) return undefined
  const attributes = readAttributes(r.rest())
  const info = readAttributes(attributes.get(IFLA_LINKINFO) ?? new Uint8Array(0))
  const mac = attributes.get(IFLA_ADDRESS)
  return {
    index,
    name: textOfAttribute(attributes.get(IFLA_IFNAME)),
    kind: textOfAttribute(info.get(IFLA_INFO_KIND)),
    mac: mac?.byteLength === ETHER_BYTES ? mac.slice() : new Uint8Array(0),
    isUp: (flags & IFF_UP) !== 0,
    hasCarrier: (flags & IFF_LOWER_UP) !== 0,
    isLoopback: (flags & IFF_LOOPBACK) !== 0,
    isPointToPoint: (flags & IFF_POINTOPOINT) !== 0,
    hasNeighbours: (flags & (IFF_NOARP | IFF_LOOPBACK)) === 0,
    hasMulticast: (flags & IFF_MULTICAST) !== 0,
    master: u32OfAttribute(attributes.get(IFLA_MASTER)),
  }
}

export function decodeAddress(payload: Uint8Array): NetAddress | undefined {
  const r = new ByteReader(payload)
  const [family, prefix] = [r.u8(), r.u8()]
  r.take(2)
  const index = r.u32()
  if (r.failed || (family !== AF_INET && family !== AF_INET6)) return undefined
  const attributes = readAttributes(r.rest())
  // On a point-to-point link IFA_ADDRESS is the other end.
  const ip = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
  if (ip?.byteLength !== (family === AF_INET ? 4 : 16)) return undefined
  return { index, address: formatIp(ip), prefix }
}

/** Of the main table, made by the kernel; `undefined` for all else. */
export function decodeRoute(payload: Uint8Array): NetRoute | undefined {
  const r = new ByteReader(payload)
  const [family, prefix] = [r.u8(), r.u8()]
  r.take(2)
  const [table, protocol] = [r.u8(), r.u8()]
  r.take(6)
  if (r.failed || table !== RT_TABLE_MAIN || protocol !== RTPROT_KERNEL || (family !== AF_INET && family !== AF_INET6))
    return undefined
  const attributes = readAttributes(r.rest())
  const ip = attributes.get(RTA_DST)
  const to = ip === undefined || prefix === 0 ? undefined : { address: formatIp(ip), prefix }
  const metric = u32OfAttribute(attributes.get(RTA_PRIORITY))
  return { index: u32OfAttribute(attributes.get(RTA_OIF)), to, isIpv6: family === AF_INET6, metric }
}

/**
 * One whole address of a host, which is there at once: nobody is asked whether it is another's (RFC 4862). One of IPv6 is
 * deprecated from the start, so that the host does not speak from it by itself (RFC 6724, rule 3).
 */
export function addressRequest(index: number, address: string): Uint8Array {
  const ip = parseIp(address) ?? new Uint8Array(0)
  const out = new ByteWriter(64)
  out
    .u8(isIpv6(address) ? AF_INET6 : AF_INET)
    .u8(8 * ip.byteLength)
    .u8(0)
    .u8(0)
    .u32(index)
  putAttribute(out, IFA_LOCAL, ip)
  putAttribute(out, IFA_ADDRESS, ip)
  if (isIpv6(address)) {
    const lifetimes = new ByteWriter(16).u32(0).u32(FOR_EVER).u32(0).u32(0)
    putAttribute(out, IFA_CACHEINFO, lifetimes.finish())
  }
  return putAttribute(out, IFA_FLAGS, u32Attribute(isIpv6(address) ? IFA_F_NODAD : 0)).finish()
}

export function linkUpRequest(index: number): Uint8Array {
  return new ByteWriter(64).u8(0).u8(0).u16(0).u32(index).u32(IFF_UP).u32(IFF_UP).finish()
}

/**
 * What comes by it may be from whoever can be reached by any interface: of this setting and that for all interfaces the higher counts
 * (Documentation/networking/ip-sysctl.rst, rp_filter), and 1 would drop what other hosts have caught for us.
 */
export function looseSourceRequest(index: number): Uint8Array {
  const out = new ByteWriter(64).u8(0).u8(0).u16(0).u32(index).u32(0).u32(0)
  const settings = putAttribute(new ByteWriter(16), IPV4_DEVCONF_RP_FILTER, u32Attribute(RP_FILTER_LOOSE)).finish()
  const families = new ByteWriter(32)
  putAttribute(families, AF_INET, putAttribute(new ByteWriter(16), IFLA_INET_CONF, settings).finish())
  return putAttribute(out, IFLA_AF_SPEC, families.finish()).finish()
}

/** It makes itself no link-local address when it goes up. */
export function noLinkLocalRequest(index: number): Uint8Array {
  const out = new ByteWriter(64).u8(0).u8(0).u16(0).u32(index).u32(0).u32(0)
  const mode = new ByteWriter(16)
  putAttribute(mode, IFLA_INET6_ADDR_GEN_MODE, Uint8Array.of(IN6_ADDR_GEN_MODE_NONE))
  const families = putAttribute(new ByteWriter(16), AF_INET6, mode.finish())
  return putAttribute(out, IFLA_AF_SPEC, families.finish()).finish()
}
