import { checkDeclaredNodes, planNodes, withNodes } from '../../../src/node/discovery/declared-nodes.js'
import { Assignments, assignmentKey } from '../../../src/node/programs/assignments.js'
import { assert, suite } from '../../harness/suite.js'
import { B, C } from '../sample.js'

const test = suite('node/discovery/declared-nodes')
const IDS: Readonly<Record<string, string>> = { b: B, c: C }
const idOf = (name: string) => IDS[name]
const before = Assignments.fromRegistry([[assignmentKey('web', B), { weight: 3 }]])
const declared = (nodes: Record<string, Record<string, string | number>>) => [{ name: 'web', fields: {}, nodes }]

test('only what differs is written; what is not named stays', () => {
  const { changes, problems, writes } = planNodes(declared({ b: { weight: 3 }, c: { serve: 'no' } }), before, idOf, [
    B,
    C,
  ])
  assert.equal(problems, [])
  assert.equal(
    writes.map(({ name }) => name),
    [assignmentKey('web', C)],
  )
  assert.equal(changes, [
    { service: 'web', change: 'changed', fields: [{ field: 'c serve', from: 'ordinary', to: 'no' }] },
  ])
  const back = planNodes(declared({ b: { weight: 1 } }), before, idOf, [B, C])
  assert.equal(back.writes[0]?.changes?.['weight'], null)
})

test('a node that is not known, and what cannot be, are told with their service', () => {
  const { problems, writes } = planNodes(declared({ x: {}, b: { weight: -1, serve: 'maybe' } }), before, idOf, [B, C])
  assert.equal(writes, [])
  assert.equal(
    problems.map(({ service, field, problem }) => `${service} ${field} ${problem}`),
    [
      'web nodes names x, which no single node is called',
      "web nodes b: serve 'maybe' is not possible",
      'web nodes b: weight -1 is not possible',
    ],
  )
  assert.is(checkDeclaredNodes(declared({ x: {}, b: { weight: 2_000 } })).length, 1)
})

test('somebody is left to direct', () => {
  const refused = planNodes(declared({ b: { direct: 'no' }, c: { direct: 'no' } }), before, idOf, [B, C])
  assert.equal(
    refused.problems.map(({ problem }) => problem),
    ['leave no live node that may direct it'],
  )
  assert.equal(planNodes(declared({ b: { direct: 'no' } }), before, idOf, [B, C]).problems, [])
  assert.is(planNodes(declared({ b: { direct: 'no' } }), before, idOf, [B]).problems.length, 1)
})

test('a service has one row, whatever of it changes', () => {
  const nodes = planNodes(declared({ c: { weight: 2 } }), before, idOf, [B, C]).changes
  const rows = withNodes(
    [
      { service: 'web', change: 'unchanged', fields: [] },
      { service: 'db', change: 'kept', fields: [] },
    ],
    nodes,
  )
  assert.equal(
    rows.map(({ service, change, fields }) => [service, change, fields.length]),
    [
      ['web', 'changed', 1],
      ['db', 'kept', 0],
    ],
  )
})

test.run()
