/** Which node serves the next connection of one port of one service. */
import type { NodeId } from '../../base/ids.js'

/**
 * Whether a node takes new connections of a service: only one that is `healthy` does. `starting`: its program is not known to work
 * yet; `draining`: an operator wants it to end; `standby`: the service is one that runs on one node at a time, and that is another.
 */
export type BackendState = 'healthy' | 'unhealthy' | 'starting' | 'draining' | 'standby'

/** A node with a listener on that port. A caller may hang more on it, such as the address to dial. */
export interface Candidate {
  readonly node: NodeId
  readonly name: string
  readonly port: number
  /** On the director's own host, whose crash would take both halves of the splice. */
  readonly local: boolean
  /** Selection priority: a lower one is asked only where no higher one can serve. */
  readonly priority?: number
  /** Selection weight; 0: no new connections. */
  readonly weight?: number
  /** `healthy` if not given. */
  readonly state?: BackendState
  /** How much of its host is busy, in thousandths, as that host says itself; 1000 and more: all of it. */
  readonly loadPermille?: number
}

/** Who is not to be picked. A `ReadonlySet` is one. */
export interface Excluded {
  /** Of those that this connection has tried: above 0 it is a retry. */
  readonly size: number
  has(node: NodeId): boolean
}

export interface Scheduler {
  /**
   * `undefined` if nobody is left. `candidates` holds each node once, in any order, and never changes: when they change,
   * give a new array (the same array again is the fast path, which allocates nothing).
   *
   * `exclude` names the nodes that this connection has tried, and those that can take no more now. `client`: its address,
   * for those that bind clients to nodes.
   */
  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded, client?: string): C | undefined
}

/** Connections of the service at a node, those that are just being made among them; of all lanes. */
export interface UsageOf {
  of(node: NodeId): number
}

/** How a node counts now, at least 0: its weight, less while it starts slowly or its host is busy. */
export type WeightOf = (candidate: Candidate) => number

export const WEIGHT_DEFAULT = 1
export const PRIORITY_DEFAULT = 1

export function weightOf({ weight = WEIGHT_DEFAULT }: Candidate): number {
  return weight
}
