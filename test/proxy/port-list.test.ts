import { Prng } from '../../src/base/prng.js'
import {
  areFoundPorts,
  expandPorts,
  formatPorts,
  includesPort,
  type PortList,
  parsePorts,
  sharedPort,
} from '../../src/proxy/port-list.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/port-list')

function portsOf(text: string): PortList {
  const parsed = parsePorts(text)
  if (parsed.type === 'problem') throw new Error(parsed.problem)
  return parsed.ports
}

test('single ports, lists and ranges have one canonical form', () => {
  const forms = [
    ['8080', '8080'],
    ['8443,8080', '8080,8443'],
    ['7000-7010', '7000-7010'],
    ['80 , 81,82', '80-82'],
    ['90-95,93-99,90', '90-99'],
    ['5-5', '5'],
  ] as const
  for (const [typed, canonical] of forms) assert.is(formatPorts(portsOf(typed)), canonical)
})

test('random lists mean what a set of numbers means', () => {
  const random = new Prng(5)
  for (let i = 0; i < 200; i++) {
    const numbers = Array.from({ length: 1 + random.below(20) }, () => 1 + random.below(40))
    const ports = portsOf(numbers.join(','))
    const expected = [...new Set(numbers)].sort((a, b) => a - b)
    assert.equal(expandPorts(ports), expected)
    assert.equal(portsOf(formatPorts(ports)), ports)
    for (let port = 1; port <= 41; port++) assert.is(includesPort(ports, port), numbers.includes(port))
  }
})

test('what is no list of ports is a problem that names the part', () => {
  for (const text of ['', ',', '80,', 'http', '0', '65536', '80-', '-80', '90-80', '80;81', '1e3', '80.5', '*']) {
    const parsed = parsePorts(text)
    assert.is(parsed.type, 'problem', text)
    if (parsed.type === 'problem') assert.match(parsed.problem, /is no port or range of ports/)
  }
})

test('up to 64 ports are those that are declared; of more, those that are found', () => {
  assert.is(expandPorts(portsOf('1001-1064')).length, 64)
  assert.not(areFoundPorts(portsOf('1001-1064')))
  for (const text of ['any', '1001-1065', '1-40,50-80', 'any,!22']) assert.ok(areFoundPorts(portsOf(text)), text)
  const many = Array.from({ length: 65 }, (_, i) => 2 * i + 1).join(',')
  const parsed = parsePorts(many)
  assert.match(parsed.type === 'problem' ? parsed.problem : '', /more than 64/)
})

test('any stands for all ports, also when they are written out', () => {
  for (const text of ['any', ' ANY', '1-65535', '1-40000,40001-65535']) assert.is(formatPorts(portsOf(text)), 'any')
  assert.is(sharedPort(portsOf('any'), portsOf('443')), 443)
})

test('ports can be left out', () => {
  const forms = [
    ['any,!22', '1-21,23-65535'],
    ['!22, any, !25', '1-21,23-24,26-65535'],
    ['1-10,!1-3,!10', '4-9'],
    ['80,443,!81', '80,443'],
    ['any,!1-65534', '65535'],
  ] as const
  for (const [typed, canonical] of forms) assert.is(formatPorts(portsOf(typed)), canonical, typed)
  for (const text of ['!22', '80,!80', 'any,!any']) assert.is(parsePorts(text).type, 'problem', text)
  assert.not(includesPort(portsOf('any,!22'), 22))
})

test('the shared port of two lists is the lowest that both have', () => {
  assert.is(sharedPort(portsOf('80,8080-8090'), portsOf('8085-8099,81')), 8085)
  assert.is(sharedPort(portsOf('80,443'), portsOf('443,80')), 80)
  assert.is(sharedPort(portsOf('80-90'), portsOf('91')), undefined)
})

test.run()
