/** What `status` warns of that services and orders to programs bring about. */
import type { NodeId } from '../../base/ids.js'
import type { Member } from '../../gossip/ports.js'
import type { ServiceSet } from '../knowledge.js'

export function serviceWarnings({ shadowed, unreadable }: Pick<ServiceSet, 'shadowed' | 'unreadable'>): string[] {
  return [
    ...shadowed.map(
      ({ service, by, port }) =>
        `service ${service.name} is not served: ${by} is older and has port ${port} of ${service.address}; change or remove one of them`,
    ),
    ...unreadable.map(
      ({ name, problem }) =>
        `service ${name} cannot be read (${problem}): upgrade this node, or remove it with \`baton service rm ${name}\``,
    ),
  ]
}

export interface Drained {
  readonly drains: { whole(node: NodeId): unknown }
}

export function drainWarnings({ members }: { readonly members: readonly Member[] }, { drains }: Drained): string[] {
  return members.flatMap(({ profile: { node, name } }) => {
    if (drains.whole(node) === undefined) return []
    return [
      `the programs of ${name} are drained, and get no new connections: \`baton drain ${name} --undo\` puts them back`,
    ]
  })
}
