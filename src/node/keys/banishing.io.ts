/** Bans in force on this node: links are cut, datagrams refused, seats given up, and the rest is told that they are gone. */
import type { NodeId } from '../../base/ids.js'
import type { Opener } from '../../gossip/seal.js'
import type { ControlLinks } from '../../trunk/control-links.io.js'
import type { Node } from '../node.io.js'

export interface BanishingParts {
  /** All that are banned. */
  readonly nodes: ReadonlySet<NodeId>
  readonly links: Pick<ControlLinks, 'ban'>
  readonly opener: Pick<Opener, 'refuse'>
  /** Once it is there. */
  readonly node: () => Pick<Node, 'forget'> | undefined
}

export function banishing({ nodes, links, opener, node }: BanishingParts): void {
  opener.refuse(nodes)
  // Now: what is sent next must not reach them.
  for (const banned of nodes) links.ban(banned)
  // In a turn of its own: machines are told, and this may come from within one.
  queueMicrotask(() => node()?.forget([...nodes], false))
}
