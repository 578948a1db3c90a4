/** What declared services say of nodes: what it changes, what is wrong with it, and the writes. Pure. */
import type { NodeId } from '../../base/ids.js'
import type { RegistryWrite } from '../../gossip/sync.js'
import { ASSIGNMENT_FIELDS, fieldsOfAssignment, parseAssignment } from '../../proxy/assignment.js'
import type { DeclaredService, ImportProblem, ServiceChange } from '../control/control-protocol.js'
import { type Assignments, assignmentKey } from '../programs/assignments.js'

/** Of a service's fields: where the place of what it says of nodes is. */
export const NODES_FIELD = 'nodes'

export interface NodesPlan {
  readonly changes: readonly ServiceChange[]
  readonly problems: readonly ImportProblem[]
  readonly writes: readonly RegistryWrite[]
}

/** What can be said without knowing the cluster. */
export function checkDeclaredNodes(declared: readonly DeclaredService[]): ImportProblem[] {
  return declared.flatMap(({ name, nodes = {} }) =>
    Object.entries(nodes).flatMap(([node, fields]) => problemsOf(name, node, fields)),
  )
}

/** `idOf`: `undefined` for a name that no node has, or more than one. `able`: those that live and may direct, but for what is said here. */
export function planNodes(
  declared: readonly DeclaredService[],
  assignments: Assignments,
  idOf: (name: string) => NodeId | undefined,
  able: readonly NodeId[],
): NodesPlan {
  const [changes, problems, writes]: [ServiceChange[], ImportProblem[], RegistryWrite[]] = [[], [], []]
  for (const { name: service, nodes = {} } of declared) {
    const directs = new Map(able.map((node) => [node, assignments.of(service, node).direct]))
    for (const [node, fields] of Object.entries(nodes)) {
      const id = idOf(node)
      if (id === undefined) {
        const hint = '`baton status` shows names; ids tell equal names apart'
        problems.push({ service, field: NODES_FIELD, problem: `names ${node}, which no single node is called`, hint })
        continue
      }
      const before = fieldsOfAssignment(assignments.of(service, id))
      const parsed = parseAssignment({ ...before, ...fields })
      if (parsed.type === 'problems') {
        problems.push(...problemsOf(service, node, fields))
        continue
      }
      if (directs.has(id)) directs.set(id, parsed.assignment.direct)
      const after = fieldsOfAssignment(parsed.assignment)
      const changed = ASSIGNMENT_FIELDS.filter((field) => after[field] !== before[field])
      if (changed.length === 0) continue
      writes.push({ name: assignmentKey(service, id), changes: after })
      const rows = changed.map((field) => {
        return { field: `${node} ${field}`, from: before[field] ?? 'ordinary', to: after[field] ?? 'ordinary' }
      })
      changes.push({ service, change: 'changed', fields: rows })
    }
    if (Object.keys(nodes).length > 0 && ![...directs.values()].includes(true)) {
      const hint = 'leave direct yes at one that lives'
      problems.push({ service, field: NODES_FIELD, problem: 'leave no live node that may direct it', hint })
    }
  }
  return { changes, problems, writes }
}

function problemsOf(service: string, node: string, fields: Readonly<Record<string, string | number>>): ImportProblem[] {
  const parsed = parseAssignment(fields)
  if (parsed.type === 'assignment') return []
  return parsed.problems.map(({ field, problem, hint }) => {
    return { service, field: NODES_FIELD, problem: `${node}: ${field} ${problem}`, hint }
  })
}

/** One row for a service, whatever of it changes. */
export function withNodes(changes: readonly ServiceChange[], nodes: readonly ServiceChange[]): ServiceChange[] {
  return changes.map((change) => {
    const fields = nodes.filter(({ service }) => service === change.service).flatMap((one) => one.fields)
    if (fields.length === 0) return change
    const kind = change.change === 'unchanged' ? ('changed' as const) : change.change
    return { ...change, change: kind, fields: [...change.fields, ...fields] }
  })
}
