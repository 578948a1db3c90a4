import type { ServiceSet } from '../../../src/node/knowledge.js'
import { checkDeclared, planServices } from '../../../src/node/services/service-plan.js'
import type { Service } from '../../../src/proxy/service.js'
import { parseService } from '../../../src/proxy/service-fields.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/services/service-plan')

function service(name: string, ports: string, more: Record<string, string | number> = {}): Service {
  const parsed = parseService({ name, address: '10.0.0.1', ports, ...more })
  if (parsed.type === 'service') return parsed.service
  throw new Error(JSON.stringify(parsed.problems))
}

function declared(name: string, ports: string, more: Record<string, string | number> = {}) {
  return { name, fields: { address: '10.0.0.1', ports, ...more } }
}

function existing(...services: Service[]): ServiceSet {
  return { active: services, shadowed: [], unreadable: [] }
}

test('only what differs is a change, however it is written', () => {
  const before = existing(service('web', '80,443', { idleMs: 5_000 }), service('db', '5432'))
  const { changes, problems } = planServices(
    [declared('web', '443, 80'), declared('db', '5433', { local: 'last' }), declared('mail', '25', { local: 'equal' })],
    before,
    false,
  )
  assert.equal(problems, [])
  assert.equal(changes, [
    { service: 'web', change: 'unchanged', fields: [] },
    { service: 'db', change: 'changed', fields: [{ field: 'ports', from: '5432', to: '5433' }] },
    {
      service: 'mail',
      change: 'added',
      fields: [
        { field: 'address', from: null, to: '10.0.0.1' },
        { field: 'ports', from: null, to: '25' },
        { field: 'local', from: null, to: 'equal' },
      ],
    },
  ])
})

test('services that wait for each other, and doors on one port, are told where they are declared', () => {
  const single = (name: string, ports: string, requires: string) => declared(name, ports, { mode: 'single', requires })
  const { problems } = planServices(
    [single('a', '1', 'b'), single('b', '2', 'a'), single('c', '3', 'a'), declared('d', '4', { outward: 1_080 })],
    existing(service('web', '80', { outward: 1_080 })),
    false,
  )
  assert.equal(
    problems.map(({ service: name, field }) => `${name} ${field}`),
    ['a requires', 'b requires', 'd outward'],
  )
})

test('a field that is not named stays as an operator set it', () => {
  const { changes, outcome } = planServices(
    [declared('web', '81')],
    existing(service('web', '80', { idleMs: 5_000 })),
    false,
  )
  assert.is(outcome.get('web')?.idleMs, 5_000)
  assert.equal(
    changes[0]?.fields.map(({ field }) => field),
    ['ports'],
  )
})

test('what is not declared stays, or goes with prune, also what cannot be read', () => {
  const before = { ...existing(service('web', '80'), service('db', '1')), unreadable: [{ name: 'new', problem: 'x' }] }
  const fate = (prune: boolean) =>
    planServices([declared('web', '80')], before, prune).changes.map((c) => `${c.service} ${c.change}`)
  assert.equal(fate(false), ['web unchanged', 'db kept', 'new kept'])
  assert.equal(fate(true), ['web unchanged', 'db removed', 'new removed'])
})

test('the outcome is judged: ports may be swapped, or taken from a service that goes', () => {
  const before = existing(service('a', '80'), service('b', '81'), service('c', '82'))
  assert.equal(
    planServices([declared('a', '81'), declared('b', '80'), declared('c', '82')], before, false).problems,
    [],
  )
  assert.equal(planServices([declared('a', '80-82')], before, true).problems, [])
  const { problems } = planServices([declared('a', '80-82')], before, false)
  assert.equal(
    problems.map(({ service: name, field }) => `${name} ${field}`),
    ['a ports', 'a ports'],
  )
})

test('a collision that was there before is no fault of who changes nothing', () => {
  const [a, b] = [service('a', '80'), service('b', '80-81')]
  const before: ServiceSet = { active: [a], shadowed: [{ service: b, by: 'a', port: 80 }], unreadable: [] }
  assert.equal(planServices([declared('a', '80'), declared('b', '80-81')], before, false).problems, [])
  assert.is(planServices([declared('a', '80'), declared('b', '80-82')], before, false).problems.length, 1)
})

test('a field that is called name renames nothing', () => {
  const { outcome } = planServices([declared('web', '80', { name: 'db' })], existing(), false)
  assert.equal(
    [...outcome.values()].map(({ name }) => name),
    ['web'],
  )
})

test('all problems of all services are told at once, collisions of the faulty among them', () => {
  const problems = checkDeclared([
    declared('a', '80', { local: 'maybe' }),
    { name: 'B', fields: {} },
    declared('c', '70-80'),
  ])
  assert.equal(
    problems.map(({ service: name, field }) => `${name} ${field}`),
    ['a local', 'B name', 'B address', 'B ports', 'c ports'],
  )
})

test('as many services as a file may hold are planned in well under a lease', () => {
  const many = Array.from({ length: 1_024 }, (_, i) => ({
    name: `s${i}`,
    fields: { address: `10.${i >> 8}.${i & 255}.1`, ports: '80,443' },
  }))
  const before = performance.now()
  assert.equal(checkDeclared(many), [])
  const ms = performance.now() - before
  assert.ok(ms < 500, `${ms} ms`)
})

test.run()
