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
  /** `healthy` if not given. */
  readonly state?: BackendState
}

/** Those that take new connections. */
export function eligible<C extends { readonly state?: BackendState }>(candidates: readonly C[]): readonly C[] {
  return candidates.filter(({ state = 'healthy' }) => state === 'healthy')
}

export interface Scheduler {
  /**
   * `undefined` if nobody is left. `candidates` holds each node once, in any order, and never changes: when they change,
   * give a new array (the same array again is the fast path, which allocates nothing).
   *
   * `exclude` names the nodes that this connection has tried; only a retry gives one that is not empty.
   */
  pick<C extends Candidate>(candidates: readonly C[], exclude?: ReadonlySet<NodeId>): C | undefined
}
