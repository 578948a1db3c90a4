/** Which of its addresses a node that is told none takes as its own: the one by which others most likely reach it. */
import { isIpv6 } from '../../base/address.js'
import type { NodeOptions } from '../config-schema.js'

/** One address of a network interface. */
export interface InterfaceAddress {
  readonly interface: string
  readonly address: string
  /** Loopback. */
  readonly internal: boolean
  /** IPv6: valid on this link alone. */
  readonly isLinkLocal: boolean
  /** Of an interface that is software inside this host: a tunnel, or a bridge for containers or virtual machines. */
  readonly isInner: boolean
}

export interface Surroundings {
  readonly addresses: readonly InterfaceAddress[]
  /** By which the host reaches the rest of the world; `undefined`: by none. */
  readonly defaultInterface: string | undefined
}

export type ChosenBind = Required<Pick<NodeOptions, 'bind' | 'bindFrom' | 'passedOver'>>

/**
 * The interface of the default route first, even if it is a bridge (hosts of virtual machines have their address there); then
 * cards; what is inside the host last. IPv4 before IPv6 on each. A host that nobody can reach has loopback.
 */
export function chooseBind(surroundings: Surroundings): ChosenBind {
  const [first, ...others] = inOrder(surroundings)
  if (first === undefined) return { bind: '127.0.0.1', bindFrom: 'loopback', passedOver: [] }
  const cards = new Map<string, string>()
  for (const { interface: name, address, isInner } of others) {
    if (!isInner && name !== first.interface && !cards.has(name)) cards.set(name, `${address} (${name})`)
  }
  return {
    bind: first.address,
    bindFrom: first.interface === surroundings.defaultInterface ? 'default-route' : 'first-interface',
    passedOver: [...cards.values()],
  }
}

/** Those that others reach, the likeliest first. */
export function inOrder({ addresses, defaultInterface }: Surroundings): InterfaceAddress[] {
  const reachable = addresses.filter(({ internal, isLinkLocal }) => !internal && !isLinkLocal)
  const rank = (one: InterfaceAddress) => {
    const place = one.interface === defaultInterface ? 0 : one.isInner ? 2 : 1
    return 2 * place + (isIpv6(one.address) ? 1 : 0)
  }
  return reachable.sort((a, b) => rank(a) - rank(b))
}

/** /proc/net/route: the interface of the default route with the least metric. */
export function defaultInterfaceOf(routes: string): string | undefined {
  let best: { readonly name: string; readonly metric: number } | undefined
  for (const line of routes.split('\n').slice(1)) {
    const [name, destination, , flags, , , metric, mask] = line.trim().split(/\s+/)
    if (name === undefined || destination !== '00000000' || mask !== '00000000') continue
    const isUp = (Number.parseInt(flags ?? '0', 16) & 1) !== 0
    if (isUp && (best === undefined || Number(metric) < best.metric)) best = { name, metric: Number(metric) }
  }
  return best?.name
}
