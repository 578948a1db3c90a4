import type { Mac } from '../../address/ports.js'
import type { ByteWriter } from '../../base/bytes.js'

export const ETHERNET_BYTES = 14
export const ETH_P_IP = 0x0800
export const ETH_P_ARP = 0x0806
export const ETH_P_IPV6 = 0x86dd
export const BROADCAST: Mac = 'ff:ff:ff:ff:ff:ff'

export function macText(bytes: Uint8Array): Mac {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

export function macBytes(mac: Mac): Uint8Array {
  return Uint8Array.from(mac.split(':', 6), (part) => Number.parseInt(part, 16))
}

export function putEthernet(out: ByteWriter, to: Mac, from: Mac, type: number): ByteWriter {
  return out.put(macBytes(to)).put(macBytes(from)).u16be(type)
}

/** Of an IPv6 multicast group (RFC 2464, 7). */
export function multicastMac(ip: Uint8Array): Mac {
  return macText(Uint8Array.of(0x33, 0x33, ...ip.subarray(12, 16)))
}
