import type { Program } from '../base/program.js'

/** A program that listens on a TCP port of a node, as that node found it in its kernel's socket table. */
export interface PublishedListener {
  /** Canonical; `0.0.0.0` or `::` for all addresses of the host. */
  readonly address: string
  readonly port: number
  /** User id of the program on its host. */
  readonly uid: number
  /** Whether `::` leaves IPv4 alone; `undefined` where the node's kernel was not asked. */
  readonly v6only?: boolean
  /** Its process on its host; `undefined` where the node cannot tell, or is of an earlier release. */
  readonly program?: Program
}

/**
 * What one node may publish: 2,048 listeners are at most 50 KiB, and a fact of gossip has at most 64 KiB. The lowest ports go
 * first, because those that the kernel gave out (32768 and above) are seldom those of a service.
 */
export const LISTENERS_PER_NODE_MAX = 2_048

export function lowestPorts(listeners: readonly PublishedListener[]): PublishedListener[] {
  return [...listeners]
    .sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1))
    .slice(0, LISTENERS_PER_NODE_MAX)
}
