/** In which order nodes are to host a service of mode `single`. The same on every node that has heard the same. */
import { hash32 } from '../base/hash.js'
import type { NodeId } from '../base/ids.js'
import { type HostingSettings, namesIn } from '../proxy/service-hosting.js'

export interface Place {
  readonly node: NodeId
  readonly name: string
  /** Other services of mode `single` that it hosts. */
  readonly load: number
}

/** Of all nodes that may host at all; those that are left out must not. */
export function placesFor(
  service: string,
  { hosting, placement }: Pick<HostingSettings, 'hosting' | 'placement'>,
  nodes: readonly Place[],
): Place[] {
  const names = namesIn(hosting)
  const rank = ({ name }: Place) => names.indexOf(name)
  const named = nodes.filter((place) => rank(place) >= 0)
  const byLoad = (places: readonly Place[]) => {
    return [...places].sort(
      (a, b) => a.load - b.load || weight(service, b) - weight(service, a) || (a.node < b.node ? -1 : 1),
    )
  }
  if (placement === 'balanced') return byLoad(names.length === 0 ? nodes : named)
  const inOrder = [...named].sort((a, b) => rank(a) - rank(b))
  if (placement === 'restricted') return inOrder
  return [...inOrder, ...byLoad(nodes.filter((place) => rank(place) < 0))]
}

/** Where it had better be than on `present`; `undefined`: it is well placed. */
export function betterPlace(
  service: string,
  settings: Pick<HostingSettings, 'hosting' | 'placement'>,
  nodes: readonly Place[],
  present: NodeId,
): NodeId | undefined {
  const [best] = placesFor(service, settings, nodes)
  const here = nodes.find(({ node }) => node === present)
  if (best === undefined || best.node === present) return undefined
  if (here === undefined || settings.placement !== 'balanced') return best.node
  // One service less there and one more here would be the same again.
  return here.load > best.load ? best.node : undefined
}

function weight(service: string, { node }: Place): number {
  return hash32(`${service} ${node}`)
}
