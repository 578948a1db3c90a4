import { BatonError } from '../../../src/base/errors.js'
import { plannedService } from '../../../src/node/services/service-write.js'
import type { Service } from '../../../src/proxy/service.js'
import { assert, suite } from '../../harness/suite.js'
import { service } from '../sample.js'

const test = suite('node/services/service-write')
const WEB = service('web', 80)

function create(fields: Record<string, string | number>, existing: readonly Service[] = [], name = 'web') {
  return () => plannedService(name, { mode: 'create', fields }, existing)
}

function set(fields: Record<string, string | number>, existing: readonly Service[], name = 'web') {
  return () => plannedService(name, { mode: 'set', fields }, existing)
}

function errorOf(plan: () => Service): BatonError {
  try {
    plan()
  } catch (error) {
    if (error instanceof BatonError) return error
  }
  throw new Error('no BatonError was thrown')
}

test('what is not said has its default when a service is made, and stays when it is changed', () => {
  assert.equal(create({ address: '10.0.0.100', ports: '80' })(), WEB)
  const before = service('web', 80, { idleMs: 60_000 })
  assert.equal(set({ ports: 81 }, [before])(), service('web', 81, { idleMs: 60_000 }))
})

test('make does not overwrite, and change does not make', () => {
  assert.is(errorOf(create({ address: '10.0.0.1', ports: '80' }, [WEB])).code, 'ERR_SERVICE_EXISTS')
  const missing = errorOf(set({ ports: '80' }, [WEB], 'mail'))
  assert.is(missing.code, 'ERR_SERVICE_UNKNOWN')
  assert.match(missing.hint ?? '', /services are: web/)
  assert.match(errorOf(set({ ports: '80' }, [])).hint ?? '', /baton service add/)
})

test('all problems are told at once, each with its field', () => {
  const { code, message, hint } = errorOf(create({ address: 'x', ports: '0', colour: 'red' }, [], '-'))
  assert.is(code, 'ERR_SERVICE_INVALID')
  for (const field of ['name', 'address', 'ports', 'colour']) assert.match(message, new RegExp(`(^|; )${field} `))
  assert.is(hint?.split('; ').length, 4)
})

test('the name is said by the path alone: a field of that name changes no other service', () => {
  const { code, message } = errorOf(create({ address: '10.0.0.100', ports: '80', name: 'web' }, [WEB], 'copy'))
  assert.is(code, 'ERR_SERVICE_INVALID')
  assert.match(message, /name/)
})

test('a port that another service has at that address is refused, and both are named', () => {
  const fields = { address: '10.0.0.100', ports: '79-81' }
  const { code, message } = errorOf(create(fields, [WEB], 'again'))
  assert.is(code, 'ERR_SERVICE_CONFLICT')
  assert.match(message, /port 80 of 10\.0\.0\.100 belongs to service web/)
  assert.is(create({ ...fields, address: '10.0.0.101' }, [WEB], 'again')().name, 'again')
})

test('two services that collide since a partition can still be changed in all else, and be parted', () => {
  const both = [WEB, service('again', 80)]
  for (const name of ['web', 'again']) {
    assert.is(set({ idleMs: 60_000 }, both, name)().idleMs, 60_000)
    assert.is(set({ ports: '81' }, both, name)().name, name)
  }
  assert.is(errorOf(set({ ports: '80,81' }, both, 'again')).code, 'ERR_SERVICE_CONFLICT')
})

test('what a service asks and others make impossible is refused, whoever is written last; what was there before forbids nothing else', () => {
  const single = (name: string, requires: string) =>
    service(name, 90, { mode: 'single', requires, address: '10.0.0.9' })
  const [a, b, c] = [single('a', 'b'), single('b', 'c'), single('c', '')]
  assert.is(set({ requires: 'none' }, [a, b, c], 'c')().requires, '')
  const circle = errorOf(set({ requires: 'web,a' }, [WEB, a, b, c], 'c'))
  assert.is(circle.code, 'ERR_SERVICE_CONFLICT')
  assert.match(circle.message, 'requires goes in a circle, c → a → b → c')
  const cut = [a, b, { ...c, requires: 'a' }]
  assert.is(set({ connectMs: 500 }, cut, 'a')().connectMs, 500)
  const door = { ...service('web', 80), outward: 1_080 }
  const fields = { address: '10.0.0.101', ports: '80', outward: 1_080 }
  assert.match(errorOf(create(fields, [door], 'other')).message, 'outward 1080 is the port of service web already')
  assert.is(create({ ...fields, outward: 1_081 }, [door], 'other')().outward, 1_081)
  assert.is(set({ outward: 1_080 }, [door])().outward, 1_080)
})

test('services at one address come to a host in the same way', () => {
  const web = service('web', 80)
  const write = (own: string) => ({ mode: 'create' as const, fields: { address: web.address, ports: '25', own } })
  assert.is(plannedService('mail', write('tun'), [web]).own, 'tun')
  assert.throws(() => plannedService('mail', write('none'), [web]), 'is of service web too, with --own tun')
  const here = { ...web, address: '127.0.0.100' }
  const local = { mode: 'create' as const, fields: { address: here.address, ports: '25', own: 'none' } }
  assert.is(plannedService('mail', local, [here]).own, 'none', 'loopback addresses come in no way')
})

test.run()
