/** `struct sockaddr_in` and `struct sockaddr_in6` (ip(7), ipv6(7)) of little-endian Linux. */
import { type Endpoint, formatIp, ipv4Text, parseIp } from '../base/address.js'
import { Recent } from '../base/recent.js'
import { AF_INET, AF_INET6 } from './constants.js'

export const SOCKADDR_BYTES_MAX = 28
const SOCKADDR_IN_BYTES = 16

const NOTHING = new Uint8Array(0)
const ips = new Recent((address: string) => parseIp(address) ?? NOTHING)

/** Written to the start of `into`: an IPv4 address as a `sockaddr_in`. Answers its length; 0 for what is no IP address. */
export function encodeSockaddr({ address, port }: Endpoint, into: Uint8Array): number {
  const ip = ips.of(address)
  if (ip.byteLength === 0) return 0
  const isV4 = ip.byteLength === 4
  into.fill(0)
  into[0] = isV4 ? AF_INET : AF_INET6
  into[2] = port >> 8
  into[3] = port & 255
  into.set(ip, isV4 ? 4 : 8)
  return isV4 ? SOCKADDR_IN_BYTES : SOCKADDR_BYTES_MAX
}

/** IPv4-mapped addresses, as a dual-stack listener shows its IPv4 peers, come out as IPv4. */
export function decodeSockaddr(bytes: Uint8Array): Endpoint | undefined {
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)
  const port = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)
  if (family === AF_INET && bytes.length >= SOCKADDR_IN_BYTES) {
    return { address: ipv4Text(bytes, 4), port }
  }
  if (family === AF_INET6 && bytes.length >= SOCKADDR_BYTES_MAX)
    return { address: formatIp(bytes.subarray(8, 24)), port }
  return undefined
}
