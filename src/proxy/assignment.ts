/**
 * What one node does for one service, as an operator has said it: whether its programs serve and whether it directs, and how much
 * it is preferred for either. Two readers of one form, as with services (`service-fields`).
 */
import { PRIORITY_DEFAULT, WEIGHT_DEFAULT } from './schedule/scheduler.js'
import type { FieldProblem, ServiceFields } from './service-fields.js'

export interface Assignment {
  /** `false`: its programs get no connections, though they listen. */
  readonly serve: boolean
  /** `false`: it never directs the service. */
  readonly direct: boolean
  /** Selection priority: a lower one serves only where no higher one can. */
  readonly priority: number
  /** Selection weight; 0: no new connections. */
  readonly weight: number
  /** Router priority for this service; `undefined`: the node's own. */
  readonly routerPriority: number | undefined
}

export const ASSIGNMENT_DEFAULTS: Assignment = Object.freeze({
  serve: true,
  direct: true,
  priority: PRIORITY_DEFAULT,
  weight: WEIGHT_DEFAULT,
  routerPriority: undefined,
})

export const ASSIGNMENT_FIELDS = ['serve', 'direct', 'priority', 'weight', 'routerPriority'] as const
export type AssignmentField = (typeof ASSIGNMENT_FIELDS)[number]

const NUMBERS = {
  priority: { max: 255, otherwise: PRIORITY_DEFAULT },
  // TruCluster's weights are single digits; a thousand is finer than any machine is known.
  weight: { max: 1_000, otherwise: WEIGHT_DEFAULT },
} as const
const ROUTER_PRIORITY_MAX = 255

export type ParsedAssignment =
  | { readonly type: 'assignment'; readonly assignment: Assignment }
  | { readonly type: 'problems'; readonly problems: readonly FieldProblem[] }

/** What a person wrote; fields that are not named have their defaults. */
export function parseAssignment(fields: Readonly<Record<string, unknown>>): ParsedAssignment {
  const problems: FieldProblem[] = []
  const known: readonly string[] = ASSIGNMENT_FIELDS
  for (const field of Object.keys(fields)) {
    if (!known.includes(field)) {
      problems.push({
        field,
        problem: 'is nothing that a node has for a service',
        hint: `fields are ${known.join(', ')}`,
      })
    }
  }
  const assignment = readAssignment(fields, (field, problem, hint) => problems.push({ field, problem, hint }))
  return problems.length > 0 ? { type: 'problems', problems } : { type: 'assignment', assignment }
}

/** What the registry holds, which a newer release may have written: what cannot be read has its default. */
export function assignmentFromFields(fields: ServiceFields): Assignment {
  return readAssignment(fields, () => {})
}

/** Of which a value is the default is `null`: that unsets the field. */
export function fieldsOfAssignment(assignment: Assignment): Record<AssignmentField, string | number | null> {
  const { serve, direct, priority, weight, routerPriority } = assignment
  return {
    serve: serve ? null : 'no',
    direct: direct ? null : 'no',
    priority: priority === PRIORITY_DEFAULT ? null : priority,
    weight: weight === WEIGHT_DEFAULT ? null : weight,
    routerPriority: routerPriority ?? null,
  }
}

export function isOrdinary(assignment: Assignment): boolean {
  return Object.values(fieldsOfAssignment(assignment)).every((value) => value === null)
}

type Report = (field: AssignmentField, problem: string, hint: string) => void

function readAssignment(fields: Readonly<Record<string, unknown>>, report: Report): Assignment {
  const given = (field: AssignmentField): unknown => {
    return (Object.hasOwn(fields, field) ? fields[field] : undefined) ?? undefined
  }
  const yes = (field: 'serve' | 'direct'): boolean => {
    const value = given(field) ?? 'yes'
    if (value === 'yes' || value === 'no') return value === 'yes'
    report(field, `${shown(value)} is not possible`, 'choose yes or no')
    return true
  }
  const number = (field: AssignmentField, max: number, otherwise: number | undefined): number | undefined => {
    const value = given(field)
    if (value === undefined) return otherwise
    const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
    if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= max) return count
    report(field, `${shown(value)} is not possible`, `give a whole number from 0 to ${max}`)
    return otherwise
  }
  const { priority, weight } = NUMBERS
  return {
    serve: yes('serve'),
    direct: yes('direct'),
    priority: number('priority', priority.max, priority.otherwise) ?? priority.otherwise,
    weight: number('weight', weight.max, weight.otherwise) ?? weight.otherwise,
    routerPriority:
      given('routerPriority') === 'own' ? undefined : number('routerPriority', ROUTER_PRIORITY_MAX, undefined),
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 80)}'` : String(value)
}
