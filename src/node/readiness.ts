import type { NodeId } from '../base/ids.js'
import { contestOf } from '../proxy/service.js'
import type { AddressKeeper } from './addresses/address-keeper.js'
import type { Knowledge } from './knowledge.js'
import { roleOf } from './roles.js'

export interface ReadinessParts {
  readonly knowledge: Knowledge
  readonly addresses: Pick<AddressKeeper, 'problem'>
  /** Some data link to it stands. */
  readonly isLinked: (node: NodeId) => boolean
  readonly isStopping: () => boolean
}

/**
 * Why this node cannot take the services of a contest over from a director that lives, as the rest of a sentence that begins with the
 * node; empty: it can. Whether it can rebuild sockets its lanes know.
 */
export function obstacleToMove(self: NodeId, contest: string, parts: ReadinessParts): string {
  const { knowledge, addresses, isLinked, isStopping } = parts
  const { drained, leaving, witness } = roleOf(knowledge.profileOf(self)?.flags ?? 0)
  const services = knowledge.services.active.filter((service) => contestOf(service) === contest)
  const unlinked = knowledge.carriers().find((node) => node !== self && !isLinked(node))
  if (witness) return 'only votes'
  if (isStopping() || leaving) return 'is leaving'
  if (drained) return 'was drained, and takes no service'
  if (services.length === 0) return 'does not know the service yet'
  if (unlinked !== undefined) return `has no data link to ${knowledge.nameOf(unlinked)} now`
  return addresses.problem(services)
}
