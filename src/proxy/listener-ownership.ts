/**
 * Whose is a listener? A host may have several nodes (each with an address of its own), and the socket table knows only the
 * host: so ownership is decided by address, alike on every node that asks.
 */
import { isIpv6, isLoopback, isWildcard } from '../base/address.js'
import type { PublishedListener } from './listener.js'

export interface NodeAddresses {
  /** The node's own, canonical; the one that others use for it first. */
  readonly addresses: readonly string[]
  /** Those of all services, which belong to whoever directs. */
  readonly serviceAddresses: ReadonlySet<string>
}

export function belongsTo(listener: PublishedListener, node: NodeAddresses): boolean {
  const { address } = listener
  // Even a node whose own address was made a service's: what listens there serves the service's clients already.
  if (node.serviceAddresses.has(address)) return false
  return isWildcard(address) || node.addresses.includes(address) || isHostsOwn(address, node)
}

/** Where the backend half connects to, or `undefined` if the listener does not serve the node. */
export function dialAddress(listener: PublishedListener, node: NodeAddresses): string | undefined {
  if (!belongsTo(listener, node)) return undefined
  if (!isWildcard(listener.address)) return listener.address
  const v6 = node.addresses.find(isIpv6)
  const v4 = node.addresses.find((address) => !isIpv6(address))
  if (listener.address === '0.0.0.0') return v4 ?? '127.0.0.1'
  if (v6 !== undefined) return v6
  // Sockets on `::` take IPv4 too, unless they say otherwise; ::1 may be missing where IPv6 was switched off later.
  return listener.v6only === true || v4 === undefined ? '::1' : v4
}

/** The same by addresses of one family alone, for a connection whose other end is given. */
export function dialAddressIn(family: 4 | 6, listener: PublishedListener, node: NodeAddresses): string | undefined {
  const { address, v6only } = listener
  const isOf = (one: string) => isIpv6(one) === (family === 6)
  if (!belongsTo(listener, node)) return undefined
  if (!isWildcard(address)) return isOf(address) ? address : undefined
  const takes = address === '::' ? family === 6 || v6only !== true : family === 4
  return takes ? (node.addresses.find(isOf) ?? (family === 6 ? '::1' : '127.0.0.1')) : undefined
}

/**
 * Of two listeners of a node on one port, the better has the lower number: bound to the node's own address, to all
 * addresses, to the loopback address.
 */
export function remoteness(listener: PublishedListener, node: NodeAddresses): number {
  if (node.addresses.includes(listener.address)) return 0
  if (listener.address === '0.0.0.0') return 1
  return listener.address === '::' ? 2 : 3
}

/** 127.0.0.1 is the host's; where nodes have loopback addresses of their own it could be any one's, so it is no one's. */
function isHostsOwn(address: string, node: NodeAddresses): boolean {
  return (address === '127.0.0.1' || address === '::1') && !node.addresses.some(isLoopback)
}
