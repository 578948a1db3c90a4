/** On which interfaces of this host an address is asked for and told of. */
import { networkOf } from '../base/address.js'
import type { Interface } from './ports.js'

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
