import { formatNetwork, isWithin, lowest, type Network, parseNetwork } from '../../src/base/network.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('base/network')

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

test('networks of both families, and single addresses', () => {
  for (const text of ['10.0.0.0/8', '0.0.0.0/0', '192.0.2.1/32', '2001:db8::/32', '::/0']) {
    assert.is(formatNetwork(network(text)), text)
  }
  assert.is(formatNetwork(network('192.0.2.1')), '192.0.2.1/32')
  assert.is(formatNetwork(network('2001:DB8:0::1')), '2001:db8::1/128')
})

test('what is none', () => {
  for (const text of [
    '',
    '10.0.0.0/33',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'any',
    '/8',
  ]) {
    assert.is(parseNetwork(text), undefined, text)
  }
})

test('bits beyond the prefix are found', () => {
  assert.is(formatNetwork(lowest(network('10.1.2.3/8'))), '10.0.0.0/8')
  assert.is(formatNetwork(lowest(network('10.1.2.3/31'))), '10.1.2.2/31')
  assert.is(formatNetwork(lowest(network('2001:db8::ff/121'))), '2001:db8::80/121')
})

test('an address is within or not, up to the last bit, and never of another family', () => {
  const cases: readonly [address: string, network: string, isIn: boolean][] = [
    ['10.255.255.255', '10.0.0.0/8', true],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['192.0.2.7', '192.0.2.6/31', true],
    ['192.0.2.8', '192.0.2.6/31', false],
    ['192.0.2.8', '0.0.0.0/0', true],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['192.0.2.8', '::/0', false],
    ['2001:db8:0:1::1', '2001:db8::/63', true],
    ['2001:db8:0:2::1', '2001:db8::/63', false],
  ]
  for (const [address, text, isIn] of cases) assert.is(isWithin(address, network(text)), isIn, `${address} ${text}`)
})

test.run()
