/** `struct sockaddr_in` and `struct sockaddr_in6` (ip(7), ipv6(7)) of little-endian Linux. */
import { type Endpoint, formatIp, parseIp } from '../base/address.js'
import { AF_INET, AF_INET6 } from './constants.js'

export const SOCKADDR_BYTES_MAX = 28
const SOCKADDR_IN_BYTES = 16

/**
 * Clients come again, and one string of an address serves them all; when there are too many the oldest make room.
 * Keyed by the address as a number.
 */
const ADDRESSES_KEPT = 4_096
const addresses = new Map<number, string>()

/** An IPv4 address becomes a `sockaddr_in`; `undefined` for what is no IP address. */
export function encodeSockaddr({ address, port }: Endpoint): Uint8Array | undefined {
  const ip = parseIp(address)
  if (ip === undefined) return undefined
  const isV4 = ip.length === 4
  const bytes = new Uint8Array(isV4 ? SOCKADDR_IN_BYTES : SOCKADDR_BYTES_MAX)
  bytes[0] = isV4 ? AF_INET : AF_INET6
  bytes[2] = port >> 8
  bytes[3] = port & 255
  bytes.set(ip, isV4 ? 4 : 8)
  return bytes
}

/** IPv4-mapped addresses, as a dual-stack listener shows its IPv4 peers, come out as IPv4. */
export function decodeSockaddr(bytes: Uint8Array): Endpoint | undefined {
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)
  if (family === AF_INET && bytes.length >= SOCKADDR_IN_BYTES) {
    return { address: ipv4Text(bytes), port }
  }
  if (family === AF_INET6 && bytes.length >= SOCKADDR_BYTES_MAX)
    return { address: formatIp(bytes.subarray(8, 24)), port }
  return undefined
}

/** By far the most frequent, and once for each connection. */
function ipv4Text(bytes: Uint8Array): string {
  const byte = (at: number) => bytes[at] as number
  const key = (byte(4) << 24) | (byte(5) << 16) | (byte(6) << 8) | byte(7)
  const known = addresses.get(key)
  if (known !== undefined) return known
  const text = `${byte(4)}.${byte(5)}.${byte(6)}.${byte(7)}`
  const oldest = addresses.size >= ADDRESSES_KEPT ? addresses.keys().next().value : undefined
  if (oldest !== undefined) addresses.delete(oldest)
  addresses.set(key, text)
  return text
}
