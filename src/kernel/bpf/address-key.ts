import { parseIp } from '../../base/address.js'

export const KEY_BYTES = 16
/** Bytes 8 to 11 of an IPv4 address's key, as a little-endian word. */
export const MAPPED_WORD = 0xffff0000 | 0

/** An address as the maps have it: 16 bytes, IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2). `undefined`: no IP address. */
export function addressKey(address: string): Uint8Array | undefined {
  const ip = parseIp(address)
  if (ip === undefined || ip.length === KEY_BYTES) return ip
  const key = new Uint8Array(KEY_BYTES)
  key.fill(0xff, 10, 12)
  key.set(ip, 12)
  return key
}
