import { readFileSync } from 'node:fs'
import os from 'node:os'
import { Netlink } from '../../kernel/netlink/netlink.io.js'
import type { NodeOptions, NodeSettings } from '../config-schema.js'
import { chooseBind, defaultInterfaceOf, type InterfaceAddress, inOrder, type Surroundings } from './own-address.js'

/** Inside a host, unless a default route leads over them. */
const INNER_KINDS: ReadonlySet<string> = new Set(['bridge', 'tun', 'wireguard', 'vxlan', 'ipip', 'sit', 'gre'])

/** What was not said is chosen: see `chooseBind`. */
export function withBind(settings: NodeSettings): NodeOptions {
  const { bind, bindFrom = 'flag' } = settings
  if (bind !== undefined) return { ...settings, bind, bindFrom }
  return { ...settings, ...chooseBind(surroundings()) }
}

/** The address that a node on this host has if nobody says which. */
export function chosenAddress(): { readonly address: string } {
  return { address: chooseBind(surroundings()).bind }
}

/** In the order in which a node would take them; empty: nobody reaches this host. */
export function reachableAddresses(): string[] {
  return inOrder(surroundings()).map(({ address }) => address)
}

function surroundings(): Surroundings {
  const defaultInterface = defaultInterfaceOf(routesHere())
  return { addresses: kernelAddresses() ?? libraryAddresses(), defaultInterface }
}

/** Also of interfaces without a cable: after a loss of power hosts are up before their switch is. */
function kernelAddresses(): readonly InterfaceAddress[] | undefined {
  const netlink = Netlink.open()
  if ('why' in netlink) return undefined
  const [links, addresses] = [netlink.links(), netlink.addresses()]
  netlink.close()
  if ('why' in links || 'why' in addresses) return undefined
  return addresses.flatMap(({ index, address }) => {
    const link = links.find((one) => one.index === index)
    if (link === undefined || !link.isUp) return []
    const { name, isLoopback, kind } = link
    return [entry(name, address, isLoopback, INNER_KINDS.has(kind))]
  })
}

function libraryAddresses(): readonly InterfaceAddress[] {
  return Object.entries(os.networkInterfaces()).flatMap(([name, list]) => {
    return (list ?? []).map(({ address, internal }) => entry(name, address, internal, false))
  })
}

function entry(name: string, address: string, internal: boolean, isInner: boolean): InterfaceAddress {
  return { interface: name, address, internal, isInner, isLinkLocal: /^fe[89ab]/i.test(address) }
}

function routesHere(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8')
  } catch {
    return ''
  }
}
