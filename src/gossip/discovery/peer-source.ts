import type { Endpoint } from '../../base/address.js'

/**
 * A way to find addresses at which members of the cluster may answer gossip. A source may name an address again and
 * again, and may name this node's own; finding one member is enough, gossip tells of the others.
 */
export interface PeerSource {
  /** For logs: `seeds`, `mdns`. */
  readonly name: string
  /** Calls `found` until stopped, never before `start` has returned. */
  start(found: (candidate: Endpoint) => void): void
  /** No call of `found` once it is called. Settled when all sockets and timers are gone. */
  stop(): Promise<void>
}
