/**
 * Names of things that outlive a process.
 *
 * - `NodeId`: the first 16 bytes of SHA-256 of the node's Ed25519 public key, as 32 lower-case hex digits. A folder that
 *   lost its key is a new node.
 * - boot: how often this node's state folder was started, durable, from 1. A peer that says a lower boot than it said
 *   before has lost its memory.
 */
export type NodeId = string & { readonly __id?: 'node' }

export const NODE_ID_BYTES = 16

/** How a node id is written for people: enough to tell the members of a cluster apart. */
export function shortId(id: NodeId): string {
  return id.slice(0, 8)
}

export function isNodeId(text: string): text is NodeId {
  return /^[0-9a-f]{32}$/.test(text)
}

/** Given to a splice when its client is accepted, and kept through every move and takeover. */
export interface SpliceId {
  /** The node that accepted the client. */
  readonly node: NodeId
  /** Its boot then, 1 … 2³² − 1. */
  readonly boot: number
  /** Counts that boot's splices from 1; below 2⁵³. */
  readonly counter: number
}

/** `1f0c22ab-3-1717`: unique in a cluster in practice, short enough for a log line and for UNIQUE_ID. */
export function formatSpliceId(id: SpliceId): string {
  return `${shortId(id.node)}-${id.boot}-${id.counter}`
}

/** A period of one director's rule over one service. Numbers only grow; one number has one holder. */
export interface Term {
  readonly number: number
  readonly holder: NodeId
}

export function formatTerm(term: Term): string {
  return `${term.number}@${shortId(term.holder)}`
}

export function sameTerm(a: Term, b: Term): boolean {
  return a.number === b.number && a.holder === b.holder
}
