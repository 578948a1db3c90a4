import { SERVICE_DEFAULTS, type Service, sameService } from '../../src/proxy/service.js'
import {
  checkService,
  createdAtMs,
  fieldsOfService,
  parseService,
  type ServiceFields,
  serviceFromFields,
} from '../../src/proxy/service-fields.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/service')
const WEB = { name: 'web', address: '10.0.0.100', ports: '8080' }

function serviceOf(input: Record<string, unknown>): Service {
  const parsed = parseService(input)
  if (parsed.type === 'problems') throw new Error(JSON.stringify(parsed.problems))
  return parsed.service
}

function fieldsWithProblems(input: Record<string, unknown>): string[] {
  const problems = checkService(input)
  for (const { problem, hint } of problems) assert.ok(problem.length > 0 && hint.length > 0)
  return problems.map(({ field }) => field)
}

test('name, address and ports are enough; the rest has its default', () => {
  assert.equal(serviceOf(WEB), {
    ...SERVICE_DEFAULTS,
    local: 'last',
    name: 'web',
    address: '10.0.0.100',
    ports: [{ first: 8080, last: 8080 }],
  })
})

test('an address is kept in its canonical form', () => {
  assert.is(serviceOf({ ...WEB, address: '2001:DB8:0:0:0:0:0:64' }).address, '2001:db8::64')
})

test('numbers may come as text, and ports as a number', () => {
  const service = serviceOf({ ...WEB, ports: 80, idleMs: '60000', connectMs: 500, keepaliveMs: null })
  assert.equal([service.ports, service.idleMs, service.connectMs], [[{ first: 80, last: 80 }], 60_000, 500])
  assert.is(service.keepaliveMs, SERVICE_DEFAULTS.keepaliveMs)
  for (const more of [{ own: 'none' }, { address: '127.0.0.100' }])
    assert.is(serviceOf({ ...WEB, ...more }).local, 'equal')
})

test('all problems are told at once, each with its field', () => {
  const input = { name: 'Web!', address: 'here', ports: '0', proxyProtocol: 'v9', scheduler: 'x', local: 1, idleMs: -1 }
  assert.equal(fieldsWithProblems({ ...input, connectMs: 'soon', keepaliveMs: 1.5, colour: 'red' }), [
    'name',
    'address',
    'ports',
    'proxyProtocol',
    'scheduler',
    'local',
    'idleMs',
    'connectMs',
    'keepaliveMs',
    'colour',
  ])
  assert.equal(fieldsWithProblems({}), ['name', 'address', 'ports'])
})

test('names are what a host name may be', () => {
  for (const name of ['a', 'web', 'web-1', '0', 'x'.repeat(63)]) assert.equal(fieldsWithProblems({ ...WEB, name }), [])
  for (const name of ['', '-a', 'a-', 'A', 'a.b', 'a/b', 'a_b', 'x'.repeat(64), 'a\n', 7, null]) {
    assert.equal(fieldsWithProblems({ ...WEB, name }), ['name'])
  }
})

test('addresses that no single host can own are refused', () => {
  for (const address of ['127.0.0.100', '10.1.2.3', '240.0.0.1', '::1', 'fd00::1']) {
    assert.equal(fieldsWithProblems({ ...WEB, address }), [], address)
  }
  const refused = ['0.0.0.0', '::', '0.1.2.3', '224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1', 'fe80::1']
  for (const address of [...refused, '::ffff:224.0.0.1', '10.0.0.1/24', 'fe80::1%eth0', '10.0.0.01', 1, {}]) {
    assert.equal(fieldsWithProblems({ ...WEB, address }), ['address'], String(address))
  }
})

test('limits of time spans hold, and only idle may be 0', () => {
  assert.equal(fieldsWithProblems({ ...WEB, idleMs: 0, connectMs: 100, keepaliveMs: 1_000 }), [])
  assert.equal(fieldsWithProblems({ ...WEB, idleMs: 999, connectMs: 0, keepaliveMs: 0 }), [
    'idleMs',
    'connectMs',
    'keepaliveMs',
  ])
})

test('a service goes into the registry and comes back the same', () => {
  const service = serviceOf({ ...WEB, ports: '80,7000-7010', proxyProtocol: 'v2', local: 'last', idleMs: 5_000 })
  const parsed = serviceFromFields('web', fieldsOfService(service))
  assert.ok(parsed.type === 'service' && sameService(parsed.service, service))
  assert.equal(parsed.type === 'service' && parsed.service, service)
})

test('fields of a newer release are left alone, and missing ones have their default', () => {
  const fields: ServiceFields = {
    address: '10.0.0.1',
    ports: '80',
    scheduler: 'least-busy',
    temper: 'mild',
    createdAtMs: 5,
  }
  const parsed = serviceFromFields('web', fields)
  assert.equal(parsed.type === 'service' && parsed.service, serviceOf({ ...WEB, address: '10.0.0.1', ports: '80' }))
})

test('where guessing could do harm the registry entry is a problem', () => {
  const fields = { address: '10.0.0.1', ports: '80' }
  for (const odd of [{ proxyProtocol: 'v3' }, { ports: '*' }, { address: null }, { connectMs: -1 }]) {
    assert.is(serviceFromFields('web', { ...fields, ...odd }).type, 'problems', JSON.stringify(odd))
  }
  assert.is(serviceFromFields('no name', fields).type, 'problems')
})

test('a field that is called like a method of objects is only a field', () => {
  assert.equal(fieldsWithProblems(JSON.parse('{"name":"web","address":"10.0.0.1","ports":"1","__proto__":1}')), [
    '__proto__',
  ])
  assert.equal(fieldsWithProblems({ ...WEB, constructor: 1 }), ['constructor'])
})

test('every difference is a difference', () => {
  const service = serviceOf(WEB)
  assert.ok(sameService(service, { ...service }))
  const others: Partial<Service>[] = [
    { name: 'x' },
    { address: '10.0.0.1' },
    { ports: [{ first: 1, last: 2 }] },
    { proxyProtocol: 'v2' },
    { local: 'equal' },
    { idleMs: 1_000 },
    { connectMs: 1_000 },
    { keepaliveMs: 1_000 },
  ]
  for (const other of others) assert.not(sameService(service, { ...service, ...other }))
})

test('without a creation date a service is the youngest', () => {
  assert.is(createdAtMs({ createdAtMs: 7 }), 7)
  assert.is(createdAtMs({}), Number.POSITIVE_INFINITY)
})

test('hidden ports are named one by one, in any order, or not at all', () => {
  const many = { ...WEB, ports: '80,443,8000-8003' }
  assert.is(serviceOf({ ...many, hide: '443, 80,8000-8003' }).hide, '80,443,8000-8003')
  for (const nothing of ['', 'none', null]) assert.is(serviceOf({ ...WEB, hide: nothing }).hide, '')
  for (const bad of ['any', '1-65', '0', 'x', '80;81'])
    assert.equal(fieldsWithProblems({ ...many, hide: bad }), ['hide'])
  // Refused at the nodes' own addresses and not served at the service's: ssh to the node would be gone.
  for (const ports of ['80', 'any,!22']) assert.equal(fieldsWithProblems({ ...WEB, ports, hide: '22' }), ['hide'])
  assert.is(serviceOf({ ...WEB, ports: 'any', hide: '22' }).hide, '22')
})

test.run()
