/** Writes what a node does for a service. */
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Member } from '../../gossip/ports.js'
import { type Assignment, fieldsOfAssignment, parseAssignment } from '../../proxy/assignment.js'
import type { Service } from '../../proxy/service.js'
import { assignmentView } from '../control/choice.js'
import type { AssignmentWrite, AssignmentWritten } from '../control/control-protocol.js'
import { nodeNamed } from '../control/node-names.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { roleOf } from '../roles.js'
import { assignmentKey } from './assignments.js'

/** Throws ERR_NODE_UNKNOWN, ERR_ASSIGNMENT_INVALID, ERR_ASSIGNMENT_NOBODY. */
export function assign(node: Node, service: Service, wanted: string, { fields }: AssignmentWrite): AssignmentWritten {
  const { knowledge, machines } = node
  const id = nodeNamed(
    wanted,
    knowledge.members.map(({ profile }) => profile),
  )
  const names = new Names(knowledge.members)
  const before = fieldsOfAssignment(knowledge.assignments.of(service.name, id))
  const parsed = parseAssignment({ ...before, ...fields })
  if (parsed.type === 'problems') {
    const message = parsed.problems.map(({ field, problem }) => `${field} ${problem}`).join('; ')
    throw new BatonError('ERR_ASSIGNMENT_INVALID', message, {
      hint: parsed.problems.map(({ hint }) => hint).join('; '),
    })
  }
  const { assignment } = parsed
  if (!assignment.direct) refuseTheLast(node, service, id)
  const key = assignmentKey(service.name, id)
  const changes = fieldsOfAssignment(assignment)
  const problems = machines.registry.check(key, changes)
  if (problems.length > 0) throw new BatonError('ERR_ASSIGNMENT_INVALID', problems.join('; '))
  node.write([{ name: key, changes }])
  return {
    service: service.name,
    assignment: assignmentView(id, assignment, names),
    notes: notesOn(node, service, id, assignment),
  }
}

/** Those that live, but for what was said of single services. */
export function nodesThatMayDirect(members: readonly Member[]): NodeId[] {
  return members.flatMap(({ profile, state }) => {
    const { witness, leaving } = roleOf(profile.flags)
    const lives = state === 'alive' || state === 'suspect'
    return lives && !witness && !leaving ? [profile.node] : []
  })
}

/** A service that nobody may direct is served by nobody. */
function refuseTheLast({ knowledge }: Node, { name }: Service, id: NodeId): void {
  const others = nodesThatMayDirect(knowledge.members).filter((node) => node !== id)
  if (others.some((node) => knowledge.assignments.of(name, node).direct)) return
  const message = `nobody would be left to direct ${name}: every other live node is kept from it`
  throw new BatonError('ERR_ASSIGNMENT_NOBODY', message, {
    hint: 'allow another node first (--direct yes), or start one',
  })
}

/** What was said and has no effect, or another one than it seems to have. */
function notesOn({ knowledge }: Node, service: Service, id: NodeId, assignment: Assignment): string[] {
  const notes: string[] = []
  const { name: nodeName } = new Names(knowledge.members).ref(id)
  const isWeighed = !['round-robin'].includes(service.scheduler)
  if (assignment.weight > 1 && !isWeighed) {
    notes.push(
      `weights mean nothing to the scheduler ${service.scheduler}: say --scheduler weighted, or another that knows them`,
    )
  }
  if (!assignment.direct && service.alone === nodeName) {
    notes.push(`the service names ${nodeName} to direct alone, and it does not: direct no comes first`)
  }
  const [oldest] = knowledge.services.active.filter(({ address }) => address === service.address)
  const isOfRouting = !assignment.direct || assignment.routerPriority !== undefined
  if (isOfRouting && oldest !== undefined && oldest.name !== service.name) {
    notes.push(`${oldest.name} is the oldest service at ${service.address}: who directs is said there, for all of them`)
  }
  return notes
}
