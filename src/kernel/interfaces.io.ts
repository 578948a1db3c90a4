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
  const subnetsOf = (index: number): Subnet[] => {
    return addresses.flatMap((one) => {
      if (one.index !== index) return []
      // Of two equal routes the kernel takes the one that it tells of first.
      const place = routes.findIndex(({ index: by, to }) => by === index && to?.prefix === one.prefix)
      const metric = place < 0 ? METRIC_OF_NONE : (routes[place]?.metric ?? 0) + place / routes.length
      return [{ address: one.address, prefix: one.prefix, metric }]
    })
  }
  return links.flatMap((link) => {
    const { index, name, mac, isUp, hasCarrier, hasNeighbours, isLoopback, master } = link
    if (isLoopback || mac.byteLength === 0) return []
    const isUsable = isUp && hasCarrier && hasNeighbours && master === 0
    return [{ index, name, mac: macText(mac), isUsable, subnets: subnetsOf(index), ignoresArp: ignoresArp(name) }]
  })
}

/** The higher of the two counts (ip-sysctl, arp_ignore). */
function ignoresArp(name: string): boolean {
  return Math.max(arpIgnore('all'), arpIgnore(name)) > 0
}

function arpIgnore(name: string): number {
  try {
    return Number(readFileSync(`/proc/sys/net/ipv4/conf/${name}/arp_ignore`, 'utf8'))
  } catch {
    return 0
  }
}
