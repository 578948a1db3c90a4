/** The interfaces of this host as addresses on a LAN need to know them. */
import { readFileSync } from 'node:fs'
import type { Interface, Subnet } from '../address/ports.js'
import type { Lacking } from './control-calls.io.js'
import { macText } from './neighbour/ethernet.js'
import type { Netlink } from './netlink/netlink.io.js'

const METRIC_OF_NONE = 2 ** 32

/** Those with an Ethernet address. */
export function readInterfaces(netlink: Netlink): readonly Interface[] | Lacking {
  const [links, addresses, routes] = [netlink.links(), netlink.addresses(), netlink.subnetRoutes()]
  for (const answer of [links, addresses, routes]) if ('why' in answer) return answer
  if ('why' in links || 'why' in addresses || 'why' in routes) return []
  // Hosts with containers have hundreds of interfaces, and this is asked ten times a second.
  const placeOf = new Map<string, number>()
  // Of two equal routes the kernel takes the one that it tells of first.
  for (const [place, { index, to }] of routes.entries()) {
    const key = `${index} ${to?.prefix}`
    if (!placeOf.has(key)) placeOf.set(key, place)
  }
  const subnetsOf = new Map<number, Subnet[]>()
  for (const { index, address, prefix } of addresses) {
    const place = placeOf.get(`${index} ${prefix}`)
    const metric = place === undefined ? METRIC_OF_NONE : (routes[place]?.metric ?? 0) + place / routes.length
    const subnets = subnetsOf.get(index) ?? []
    subnetsOf.set(index, subnets)
    subnets.push({ address, prefix, metric })
  }
  const ignoredByAll = arpIgnore('all')
  return links.flatMap((link) => {
    const { index, name, mac, isUp, hasCarrier, hasNeighbours, isLoopback, master } = link
    if (isLoopback || mac.byteLength === 0) return []
    const isUsable = isUp && hasCarrier && hasNeighbours && master === 0
    // The higher of the two counts (ip-sysctl, arp_ignore); a part of a bridge asks and answers nothing itself.
    const ignoresArp = master === 0 && Math.max(ignoredByAll, arpIgnore(name)) > 0
    return [{ index, name, mac: macText(mac), isUsable, subnets: subnetsOf.get(index) ?? [], ignoresArp }]
  })
}

function arpIgnore(name: string): number {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/conf/${name}/arp_ignore`, 'utf8'))
  } catch {
    return 0
  }
}
