import { LeaseGate } from '../../../src/kernel/bpf/lease-gate.io.js'
import { loadLibc } from '../../../src/kernel/libc.io.js'
import { assert, suite } from '../../harness/suite.js'
import { ACK, arp, ethernet, ip4, ip6, neighbour, solicitedNode, tcp } from './frames.js'
import { permitted } from './permitted.js'

const test = suite('kernel/bpf/lease-gate-program')

const [OURS, THEIRS] = ['10.77.9.9', '10.77.0.1']
const [OURS6, THEIRS6] = ['fd77::99', 'fd77::1']
const segment = (from: string, to: string) => tcp(from, 1_000, to, 80, ACK)
const segment4 = (from: string, to: string) => ethernet('ip4', ip4(from, to, segment(from, to)))
const segment6 = (from: string, to: string, next = 6) => ethernet('ip6', ip6(from, to, segment(from, to), next))
const tagged = (tags: readonly ('vlan' | 'outerVlan')[], address = OURS) =>
  ethernet('ip4', ip4(address, THEIRS, segment(address, THEIRS)), undefined, tags)

/** Frames that are of, to or about the address. */
const CONCERNED: Readonly<Record<string, Uint8Array>> = {
  'IPv4 from it': segment4(OURS, THEIRS),
  'IPv4 to it': segment4(THEIRS, OURS),
  'UDP from it': ethernet('ip4', ip4(OURS, THEIRS, new Uint8Array(8), 17)),
  'ARP that asks for it': ethernet('arp', arp(THEIRS, OURS)),
  'ARP that answers for it': ethernet('arp', arp(OURS, THEIRS, undefined, 2)),
  'ARP that probes for it': ethernet('arp', arp('0.0.0.0', OURS)),
  'in a VLAN': tagged(['vlan']),
  'in a VLAN of a provider': tagged(['outerVlan', 'vlan']),
  'IPv6 from it': segment6(OURS6, THEIRS6),
  'IPv6 to it': segment6(THEIRS6, OURS6),
  'IPv6 with an extension header': segment6(THEIRS6, OURS6, 60),
  'IPv6 in a VLAN': ethernet('ip6', ip6(OURS6, THEIRS6, new Uint8Array(8)), undefined, ['vlan']),
  'a solicitation of it': ethernet('ip6', neighbour(135, THEIRS6, solicitedNode(OURS6), OURS6)),
  'an advertisement of it': ethernet('ip6', neighbour(136, THEIRS6, 'ff02::1', OURS6)),
}

const UNCONCERNED: Readonly<Record<string, Uint8Array>> = {
  'IPv4 of others': segment4(THEIRS, '10.77.0.2'),
  'ARP of others': ethernet('arp', arp(THEIRS, '10.77.0.2')),
  'IPv6 of others': segment6(THEIRS6, 'fd77::2'),
  'a solicitation of others': ethernet('ip6', neighbour(135, THEIRS6, solicitedNode('fd77::2'), 'fd77::2')),
  'ICMPv6 that is about no neighbour': ethernet('ip6', neighbour(128, THEIRS6, 'fd77::2', OURS6)),
  'others in a VLAN': tagged(['vlan'], '10.77.0.2'),
  'three tags': tagged(['vlan', 'vlan', 'vlan']),
  'ARP that ends before its addresses': ethernet('arp', arp(THEIRS, OURS)).subarray(0, 14 + 20),
  'a solicitation cut short': ethernet('ip6', neighbour(135, THEIRS6, 'ff02::1', OURS6)).subarray(0, 14 + 50),
}

test('after the deadline every frame of, to or about the address is dropped and counted, and no other', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  if (gate === undefined) return
  for (const address of [OURS, OURS6]) gate.setDeadline(address, 'closed')
  for (const [what, frame] of Object.entries(CONCERNED)) assert.is(gate.judge(frame), 'drop', what)
  for (const [what, frame] of Object.entries(UNCONCERNED)) assert.is(gate.judge(frame), 'pass', what)
  assert.is((gate.drops(OURS) ?? 0) + (gate.drops(OURS6) ?? 0), Object.keys(CONCERNED).length)
})

test('before the deadline everything passes; a deadline that is stored is seen by the very next frame', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  const libc = loadLibc()
  if (gate === undefined || 'why' in libc) return
  const frame = segment4(OURS, THEIRS)
  const judged = (deadline: number | 'open' | 'closed') => {
    assert.is(gate.setDeadline(OURS, deadline), undefined)
    return gate.judge(frame)
  }
  for (let i = 0; i < 200; i++) {
    assert.is(judged(libc.boottime() + 60_000), 'pass')
    assert.is(judged(libc.boottime() - 1), 'drop')
  }
  assert.is(judged('open'), 'pass')
  assert.is(judged('closed'), 'drop')
  assert.is(gate.drops(OURS), 201)
})

test('a deadline passes by itself', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  const libc = loadLibc()
  if (gate === undefined || 'why' in libc) return
  const deadline = libc.boottime() + 20
  gate.setDeadline(OURS, deadline)
  for (;;) {
    const before = libc.boottime()
    const said = gate.judge(segment4(OURS, THEIRS))
    if (said === 'drop') break
    assert.ok(before <= deadline, `passed at ${before - deadline} ms after the deadline`)
  }
  assert.ok(libc.boottime() > deadline)
})

test('an address that is removed is of no concern; the one that comes into its place begins anew', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  if (gate === undefined) return
  for (let i = 0; i < 3 * 256; i++) {
    const address = `10.77.${i >> 8}.${i & 255}`
    assert.is(gate.setDeadline(address, 'closed'), undefined)
    assert.is(gate.drops(address), 0)
    assert.is(gate.judge(segment4(address, THEIRS)), 'drop')
    gate.remove(address)
    assert.is(gate.judge(segment4(address, THEIRS)), 'pass')
    assert.is(gate.drops(address), undefined)
  }
})

test('there is room for 256 addresses; what is no address is told so', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  if (gate === undefined) return
  for (let i = 0; i < 256; i++) assert.is(gate.setDeadline(`10.77.9.${i}`, 'open'), undefined)
  assert.equal(gate.setDeadline('10.77.10.1', 'open'), { why: 'no room for 10.77.10.1: at most 256 addresses' })
  assert.is(gate.setDeadline('10.77.9.1', 'closed'), undefined)
  assert.equal(gate.setDeadline('host', 'open'), { why: 'host is no IP address' })
})

test('an interface that is not there is told so', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  if (gate === undefined) return
  assert.equal(gate.attach(2_000_000), { why: 'the kernel would not guard interface 2000000 (ENODEV)' })
})

test.run()
