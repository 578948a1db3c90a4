/** The registry's entries `assignment/SERVICE/NODE`: what each node does for each service, where that is not the ordinary. */
import type { NodeId } from '../../base/ids.js'
import type { ServiceRules } from '../../election/ports.js'
import { ASSIGNMENT_DEFAULTS, type Assignment, assignmentFromFields } from '../../proxy/assignment.js'
import type { ServiceFields } from '../../proxy/service-fields.js'

const PREFIX = 'assignment/'

export function assignmentKey(service: string, node: NodeId): string {
  return `${PREFIX}${service}/${node}`
}

export class Assignments {
  readonly #byService = new Map<string, Map<NodeId, Assignment>>()

  /** Names of services have no slash, nor have ids. */
  static fromRegistry(entries: readonly (readonly [key: string, fields: ServiceFields])[]): Assignments {
    const found = new Assignments()
    for (const [key, fields] of entries) {
      if (!key.startsWith(PREFIX)) continue
      const [service = '', node = ''] = key.slice(PREFIX.length).split('/')
      const nodes = found.#byService.get(service) ?? new Map<NodeId, Assignment>()
      found.#byService.set(service, nodes.set(node, assignmentFromFields(fields)))
    }
    return found
  }

  of(service: string, node: NodeId): Assignment {
    return this.#byService.get(service)?.get(node) ?? ASSIGNMENT_DEFAULTS
  }

  /** Of which something was said, ordinary or not. */
  nodesOf(service: string): NodeId[] {
    return [...(this.#byService.get(service)?.keys() ?? [])]
  }

  /** What elections need to know of them. */
  rulesOf(service: string): Required<Pick<ServiceRules, 'keptOut' | 'priorities'>> {
    const all = [...(this.#byService.get(service) ?? [])]
    return {
      keptOut: all.flatMap(([node, { direct }]) => (direct ? [] : [node])),
      priorities: all.flatMap(([node, { routerPriority }]) =>
        routerPriority === undefined ? [] : [[node, routerPriority] as const],
      ),
    }
  }
}
