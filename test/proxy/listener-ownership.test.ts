import { belongsTo, dialAddress, dialAddressIn } from '../../src/proxy/listener-ownership.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/listener-ownership')

const SERVICE = '10.0.0.100'
const serviceAddresses = new Set([SERVICE, '127.0.0.100'])

/** A host of the usual kind, one of three nodes on the demo's loopback addresses, and one with IPv6 alone. */
const HOST = { addresses: ['10.0.0.1', '2001:db8::1'], serviceAddresses }
const LOOPBACK = { addresses: ['127.0.0.11'], serviceAddresses }
const V4 = { addresses: ['10.0.0.1'], serviceAddresses }
const V6 = { addresses: ['2001:db8::1'], serviceAddresses }

function dialled(address: string, node: typeof HOST, v6only?: boolean): string | undefined {
  const listener = { address, port: 80, uid: 0, ...(v6only === undefined ? {} : { v6only }) }
  assert.is(belongsTo(listener, node), dialAddress(listener, node) !== undefined)
  return dialAddress(listener, node)
}

test('a listener belongs to the node whose address it binds', () => {
  assert.is(dialled('10.0.0.1', HOST), '10.0.0.1')
  assert.is(dialled('2001:db8::1', HOST), '2001:db8::1')
  assert.is(dialled('127.0.0.11', LOOPBACK), '127.0.0.11')
  assert.is(dialled('10.0.0.2', HOST), undefined)
  assert.is(dialled('127.0.0.12', LOOPBACK), undefined)
  assert.is(dialled('172.17.0.1', HOST), undefined)
})

test('a wildcard belongs to every node of the host, and is dialled at the node of that family', () => {
  assert.is(dialled('0.0.0.0', HOST), '10.0.0.1')
  assert.is(dialled('0.0.0.0', LOOPBACK), '127.0.0.11')
  assert.is(dialled('::', HOST), '2001:db8::1')
})

test('a wildcard of the family that the node lacks', () => {
  assert.is(dialled('0.0.0.0', V6), '127.0.0.1')
  assert.is(dialled('::', V4), '10.0.0.1')
  assert.is(dialled('::', V4, false), '10.0.0.1')
  assert.is(dialled('::', V4, true), '::1')
})

test("127.0.0.1 and ::1 are the host's, unless its nodes have loopback addresses", () => {
  assert.is(dialled('127.0.0.1', HOST), '127.0.0.1')
  assert.is(dialled('::1', V4), '::1')
  assert.is(dialled('127.0.0.53', HOST), undefined)
  assert.is(dialled('127.0.0.1', LOOPBACK), undefined)
  assert.is(dialled('::1', LOOPBACK), undefined)
})

test("a listener on a service's address never counts", () => {
  assert.is(dialled(SERVICE, HOST), undefined)
  assert.is(dialled('127.0.0.100', LOOPBACK), undefined)
  assert.is(dialled(SERVICE, { addresses: [SERVICE], serviceAddresses }), undefined)
})

test('by one family alone: bound addresses of it, and wildcards that take it', () => {
  const cases: readonly [address: string, node: typeof HOST, v4: string | undefined, v6: string | undefined][] = [
    ['0.0.0.0', HOST, '10.0.0.1', undefined],
    ['0.0.0.0', V6, '127.0.0.1', undefined],
    ['::', HOST, '10.0.0.1', '2001:db8::1'],
    ['::', V4, '10.0.0.1', '::1'],
    ['10.0.0.1', HOST, '10.0.0.1', undefined],
    ['2001:db8::1', HOST, undefined, '2001:db8::1'],
    ['10.0.0.2', HOST, undefined, undefined],
  ]
  for (const [address, node, v4, v6] of cases) {
    const listener = { address, port: 80, uid: 0 }
    assert.equal([dialAddressIn(4, listener, node), dialAddressIn(6, listener, node)], [v4, v6], address)
  }
  assert.is(dialAddressIn(4, { address: '::', port: 80, uid: 0, v6only: true }, HOST), undefined)
})

test.run()
