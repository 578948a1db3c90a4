/** On which interfaces of this host an address is asked for and told of. */
import { parseIp } from '../base/address.js'
import type { Mac } from './ports.js'

export interface Subnet {
  readonly address: string
  readonly prefix: number
  /** Of the host's own route to it; the lower is the one that the host takes. */
  readonly metric: number
}

export interface Interface {
  readonly index: number
  readonly name: string
  readonly mac: Mac
  /** Up, with a cable in, no part of a bridge or bond. */
  readonly isUsable: boolean
  readonly subnets: readonly Subnet[]
  /** The host does not answer ARP there for an address that another of its interfaces has (arp_ignore). */
  readonly ignoresArp: boolean
}

/**
 * Those that were named; else those whose subnet has the address. Two interfaces on one LAN would each claim it: there the one
 * by which the host reaches that subnet speaks. An address in no subnet is told of nowhere: whoever routes it knows.
 */
export function placesFor(address: string, named: readonly string[], interfaces: readonly Interface[]): Interface[] {
  const usable = interfaces.filter(({ isUsable }) => isUsable)
  if (named.length > 0) return usable.filter(({ name }) => named.includes(name))
  const bySubnet = new Map<string, { readonly place: Interface; readonly metric: number }>()
  for (const place of usable) {
    for (const { address: own, prefix, metric } of place.subnets) {
      const network = networkOf(own, prefix)
      if (network === undefined || network !== networkOf(address, prefix)) continue
      const before = bySubnet.get(network)
      if (before === undefined || metric < before.metric) bySubnet.set(network, { place, metric })
    }
  }
  return [...new Set([...bySubnet.values()].map(({ place }) => place))]
}

/** The network that an address is in, as text; of another family than any other. */
function networkOf(address: string, prefix: number): string | undefined {
  const ip = parseIp(address)
  if (ip === undefined || prefix > 8 * ip.byteLength) return undefined
  const masked = ip.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - prefix))))
  return `${ip.byteLength} ${prefix} ${masked.join('.')}`
}
