import {
  ASSIGNMENT_DEFAULTS,
  assignmentFromFields,
  fieldsOfAssignment,
  isOrdinary,
  parseAssignment,
} from '../../src/proxy/assignment.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/assignment')

function problemsOf(fields: Record<string, unknown>): string[] {
  const parsed = parseAssignment(fields)
  if (parsed.type === 'assignment') return []
  for (const { problem, hint } of parsed.problems) assert.ok(problem.length > 0 && hint.length > 0)
  return parsed.problems.map(({ field }) => field)
}

test('nothing said is the ordinary, and writes nothing', () => {
  const parsed = parseAssignment({})
  assert.equal(parsed, { type: 'assignment', assignment: ASSIGNMENT_DEFAULTS })
  assert.ok(isOrdinary(ASSIGNMENT_DEFAULTS))
  assert.equal(new Set(Object.values(fieldsOfAssignment(ASSIGNMENT_DEFAULTS))), new Set([null]))
})

test('what was said comes back from the registry', () => {
  const typed = { serve: 'no', direct: 'no', priority: '0', weight: '7', routerPriority: '200' }
  const parsed = parseAssignment(typed)
  assert.ok(parsed.type === 'assignment')
  if (parsed.type !== 'assignment') return
  assert.equal(parsed.assignment, { serve: false, direct: false, priority: 0, weight: 7, routerPriority: 200 })
  assert.not(isOrdinary(parsed.assignment))
  assert.equal(assignmentFromFields(fieldsOfAssignment(parsed.assignment)), parsed.assignment)
  const own = parseAssignment({ ...typed, routerPriority: 'own' })
  assert.is(own.type === 'assignment' && own.assignment.routerPriority, undefined)
})

test('wrong values are all told, each with its field', () => {
  assert.equal(
    problemsOf({ weight: -1, priority: 256, serve: 'maybe', direct: true, routerPriority: 1e9, colour: 'red' }),
    ['colour', 'serve', 'direct', 'priority', 'weight', 'routerPriority'],
  )
  for (const weight of [Number.NaN, 1e9, 1.5, '-1', 'NaN', '1e3', {}, true])
    assert.equal(problemsOf({ weight }), ['weight'])
})

test('what a newer release wrote and nobody here can read has its default', () => {
  assert.equal(assignmentFromFields({ serve: 'sometimes', weight: 'heavy', mode: 'x' }), ASSIGNMENT_DEFAULTS)
})

test.run()
