/** What an operator should look at in what the cluster has agreed on. */
import type { NodeId } from '../base/ids.js'
import type { Knowledge } from './knowledge.js'

export function knowledgeWarnings(
  { services, members }: Pick<Knowledge, 'services' | 'members'>,
  isDrained: (node: NodeId) => boolean,
): string[] {
  const { shadowed, unreadable } = services
  return [
    ...shadowed.map(
      ({ service, by, port }) =>
        `service ${service.name} is not served: ${by} is older and has port ${port} of ${service.address}; change or remove one of them`,
    ),
    ...unreadable.map(
      ({ name, problem }) =>
        `service ${name} cannot be read (${problem}): upgrade this node, or remove it with \`baton service rm ${name}\``,
    ),
    ...members.flatMap(({ profile: { node, name } }) => {
      if (!isDrained(node)) return []
      return [
        `the programs of ${name} are drained, and get no new connections: \`baton drain ${name} --undo\` puts them back`,
      ]
    }),
  ]
}
