/** What an operator should look at in what the cluster has agreed on. */
import type { Node } from './node.io.js'

export function knowledgeWarnings({ knowledge, programs }: Pick<Node, 'knowledge' | 'programs'>): string[] {
  const { shadowed, unreadable } = knowledge.services
  return [
    ...shadowed.map(
      ({ service, by, port }) =>
        `service ${service.name} is not served: ${by} is older and has port ${port} of ${service.address}; change or remove one of them`,
    ),
    ...unreadable.map(
      ({ name, problem }) =>
        `service ${name} cannot be read (${problem}): upgrade this node, or remove it with \`baton service rm ${name}\``,
    ),
    ...knowledge.members.flatMap(({ profile: { node, name } }) => {
      if (programs.drains.whole(node) === undefined) return []
      return [
        `the programs of ${name} are drained, and get no new connections: \`baton drain ${name} --undo\` puts them back`,
      ]
    }),
  ]
}
