/**
 * Nodes that are to direct nothing for now: entries `node/ID` of the registry, so an operator may say it on any node, every
 * node remembers it, and the one that it concerns obeys it when it hears of it, be it after its next start.
 */
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { Fields } from '../../gossip/entry.js'
import type { Changes } from '../../gossip/registry.js'

const PREFIX = 'node/'
const FIELD = 'drainedAtMs'

export function nodeKey(node: NodeId): string {
  return `${PREFIX}${node}`
}

/** By the wall clock of the node where it was said; `undefined`: the node may direct. */
export function drainedAt(fields: Fields | undefined): Millis | undefined {
  const at = fields?.[FIELD]
  return typeof at === 'number' ? at : undefined
}

/** `null` unsets a field (gossip/registry). */
export function drainChanges(at: Millis | undefined): Changes {
  return { [FIELD]: at ?? null }
}
