/** What a node does for a service in the words of the command line and of files. */
import type { AssignmentView } from '../node/control/control-protocol.js'

/** By flag: the field. */
export const ASSIGNMENT_FLAGS = {
  serve: 'serve',
  direct: 'direct',
  priority: 'priority',
  weight: 'weight',
  'router-priority': 'routerPriority',
} as const

export type AssignmentFlag = keyof typeof ASSIGNMENT_FLAGS

export const ASSIGNMENT_FLAG_NAMES = Object.keys(ASSIGNMENT_FLAGS) as readonly AssignmentFlag[]

/** All that can be said of a node, so that reading it back leaves nothing as it was by chance. */
export function assignmentWords(assignment: AssignmentView): Record<AssignmentFlag, string | number> {
  const { serve, direct, priority, weight, routerPriority } = assignment
  return {
    serve: serve ? 'yes' : 'no',
    direct: direct ? 'yes' : 'no',
    priority,
    weight,
    'router-priority': routerPriority ?? 'own',
  }
}
