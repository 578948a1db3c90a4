import { hash32 } from '../base/hash.js'
import type { NodeId } from '../base/ids.js'

/**
 * The order in which nodes stand for a service: router priority (higher first), then rendezvous hashing of service and
 * node (Thaler and Ravishankar 1998), so that directors spread over the nodes and a node that goes moves only its own.
 */
export function preferenceOrder(
  service: string,
  nodes: readonly NodeId[],
  priorityOf: (node: NodeId) => number = () => 0,
): NodeId[] {
  const weight = (node: NodeId) => hash32(`${service} ${node}`)
  return [...nodes].sort((a, b) => priorityOf(b) - priorityOf(a) || weight(b) - weight(a) || (a < b ? -1 : 1))
}
