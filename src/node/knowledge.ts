/**
 * What this node knows of the cluster, put together from gossip: who is alive, which services exist, who listens where.
 * Pure; node.io feeds it and asks.
 */
import type { NodeId } from '../base/ids.js'
import type { BackendSeat } from '../proxy/lane-protocol.js'
import { includesPort } from '../proxy/port-list.js'
import type { Service } from '../proxy/service.js'

/** Of the members' states that gossip tells, those under which a node may be given connections. */
export interface Seatable {
  readonly id: NodeId
  readonly name: string
  readonly isAlive: boolean
  /** Ports on which programs of that node listen, as it published them. */
  readonly ports: readonly number[]
}

/**
 * Who can serve a service now: every live node that listens on one of its ports, in a stable order. A suspect node stays:
 * suspicion is doubt, and a refused connection is tried elsewhere before the client notices.
 */
export function seatsOf(service: Service, nodes: readonly Seatable[]): BackendSeat[] {
  const seats: BackendSeat[] = []
  for (const { id, name, isAlive, ports } of nodes) {
    if (!isAlive) continue
    for (const port of ports) if (includesPort(service.ports, port)) seats.push({ node: id, name, port })
  }
  return seats.sort((a, b) => a.port - b.port || (a.node < b.node ? -1 : 1))
}
