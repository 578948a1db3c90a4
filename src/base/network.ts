/** Networks of IP addresses as people write them: `10.0.0.0/8`, `2001:db8::/32`, or one address. */
import { canonicalIp, formatIp, maskedIp, networkOf, parseIp } from './address.js'

export interface Network {
  /** Its first address, canonical. */
  readonly address: string
  readonly prefix: number
}

/** `undefined`: no network. Bits beyond the prefix are what is wrong most often, so they are told apart (`lowest`). */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text)
  const address = canonicalIp(match?.[1] ?? '')
  if (address === undefined) return undefined
  const bits = 8 * (parseIp(address)?.byteLength ?? 0)
  const prefix = match?.[2] === undefined ? bits : Number(match[2])
  return prefix > bits ? undefined : { address, prefix }
}

/** `10.1.2.3/8` is `10.0.0.0/8`. */
export function lowest({ address, prefix }: Network): Network {
  const ip = parseIp(address) ?? new Uint8Array(0)
  return { address: formatIp(maskedIp(ip, prefix)), prefix }
}

export function formatNetwork({ address, prefix }: Network): string {
  return `${address}/${prefix}`
}

export function isWithin(address: string, network: Network): boolean {
  return networkOf(address, network.prefix) === networkOf(network.address, network.prefix)
}
