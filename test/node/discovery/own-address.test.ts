import { chooseBind, defaultInterfaceOf, type InterfaceAddress } from '../../../src/node/discovery/own-address.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/discovery/own-address')

function at(name: string, address: string, more: Partial<InterfaceAddress> = {}): InterfaceAddress {
  return { interface: name, address, internal: false, isLinkLocal: false, isInner: false, ...more }
}

const LO = at('lo', '127.0.0.1', { internal: true })
const DOCKER = at('docker0', '172.17.0.1', { isInner: true })
const FIRST = at('eth0', '10.0.0.7')
const SECOND = at('eth1', '192.168.1.7')
const chosen = (addresses: readonly InterfaceAddress[], defaultInterface?: string) => {
  return chooseBind({ addresses, defaultInterface })
}

test('the interface of the default route has it, wherever it stands among the others', () => {
  assert.equal(chosen([LO, DOCKER, FIRST, SECOND], 'eth1'), {
    bind: SECOND.address,
    bindFrom: 'default-route',
    passedOver: ['10.0.0.7 (eth0)'],
  })
})

test('without a default route a card has it, and no bridge or tunnel of this host; others are named', () => {
  assert.equal(chosen([LO, DOCKER, FIRST, SECOND]), {
    bind: FIRST.address,
    bindFrom: 'first-interface',
    passedOver: ['192.168.1.7 (eth1)'],
  })
  assert.equal(chosen([LO, DOCKER, FIRST]).passedOver, [])
})

test('a bridge has it if the default route leads over it, or if there is nothing else', () => {
  const bridge = at('br0', '10.1.0.7', { isInner: true })
  assert.is(chosen([FIRST, bridge], 'br0').bind, '10.1.0.7')
  assert.is(chosen([LO, DOCKER]).bind, '172.17.0.1')
})

test('a host with IPv6 alone has its global address; one that nobody reaches has loopback', () => {
  const [global, link] = [at('eth0', '2001:db8::7'), at('eth0', 'fe80::7', { isLinkLocal: true })]
  assert.is(chosen([LO, link, global]).bind, '2001:db8::7')
  assert.is(chosen([LO, global, FIRST]).bind, FIRST.address)
  assert.equal(chosen([LO, link]), { bind: '127.0.0.1', bindFrom: 'loopback', passedOver: [] })
})

test('of default routes the one that is up with the least metric counts', () => {
  const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT'
  const line = (name: string, to: string, flags: string, metric: number, mask: string) => {
    return `${name}\t${to}\t010200C0\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0`
  }
  const none = '00000000'
  const routes = [
    head,
    line('wlan0', none, '0003', 600, none),
    line('eth9', none, '0002', 1, none),
    line('eth1', none, '0003', 100, none),
    line('eth0', '000200C0', '0001', 0, '00FFFFFF'),
    '',
  ].join('\n')
  assert.is(defaultInterfaceOf(routes), 'eth1')
  assert.is(defaultInterfaceOf(head), undefined)
  assert.is(defaultInterfaceOf(''), undefined)
})

test.run()
