import { registryKey, servicesFromRegistry } from '../../../src/node/services/services.js'
import { fieldsOfService, type ServiceFields } from '../../../src/proxy/service-fields.js'
import { assert, suite } from '../../harness/suite.js'
import { service } from '../sample.js'

const test = suite('node/services/services')

function entry(name: string, port: number, more: ServiceFields = {}): readonly [string, ServiceFields] {
  return [registryKey(name), { ...fieldsOfService(service(name, port)), ...more }]
}

test('a service comes back from the registry as it was written', () => {
  const { active, shadowed, unreadable } = servicesFromRegistry([entry('web', 80, { createdAtMs: 5 })])
  assert.equal([active, shadowed, unreadable], [[service('web', 80)], [], []])
})

test('entries of other kinds, also of those that a newer release made up, are passed over', () => {
  const { active, unreadable } = servicesFromRegistry([['setting/x', { address: '10.0.0.1' }], entry('web', 80)])
  assert.equal([active.map(({ name }) => name), unreadable], [['web'], []])
})

test('one that cannot be read is named with its problems, and the others are in force', () => {
  const { active, unreadable } = servicesFromRegistry([entry('bad', 80, { address: 'nowhere' }), entry('web', 80)])
  assert.equal(
    active.map(({ name }) => name),
    ['web'],
  )
  assert.equal(
    unreadable.map(({ name }) => name),
    ['bad'],
  )
  assert.match(unreadable[0]?.problem ?? '', /^address 'nowhere' is no IP address/)
})

test('of two on one port the older is in force, in whatever order the registry holds them', () => {
  const [old, young] = [entry('web', 80, { createdAtMs: 1 }), entry('again', 80, { createdAtMs: 2 })]
  for (const entries of [
    [old, young],
    [young, old],
  ]) {
    const { active, shadowed } = servicesFromRegistry(entries)
    assert.equal(
      active.map(({ name }) => name),
      ['web'],
    )
    assert.equal(
      shadowed.map(({ service: { name }, by, port }) => [name, by, port]),
      [['again', 'web', 80]],
    )
  }
})

test.run()
