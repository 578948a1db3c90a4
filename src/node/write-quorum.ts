import { BatonError } from '../base/errors.js'
import type { NodeId } from '../base/ids.js'
import type { Elections } from '../election/elections.js'
import type { Member } from '../gossip/ports.js'
import { Names } from './control/status.js'
import { electorateView } from './control/why.js'

export interface WriterParts {
  readonly node: {
    readonly self: { readonly node: NodeId }
    readonly knowledge: { readonly members: readonly Member[] }
    readonly machines: { readonly elections: Pick<Elections, 'electorate'> }
  }
  /** Control links that are up. */
  readonly linked: () => readonly NodeId[]
}

/**
 * What is written on the smaller side of a cut may undo, when it heals, what was acknowledged on the other. Throws
 * ERR_WRITE_NO_QUORUM.
 */
export function refuseMinority({ node, linked }: WriterParts): void {
  const names = new Names(node.knowledge.members)
  const { quorum, reachable, voters } = electorateView(node.machines.elections, node.self.node, linked(), names)
  if (reachable >= quorum && voters.length > 0) return
  const message = `${reachable} of ${voters.length} voters can be reached and ${quorum} are needed: others could not hear of this change, and may make another`
  const hint = '`baton status` shows who is missing; --force writes all the same'
  throw new BatonError('ERR_WRITE_NO_QUORUM', message, { hint })
}
