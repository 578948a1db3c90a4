import { LeaseGate } from '../../../src/kernel/bpf/lease-gate.io.js'
import { AWAKE_MS, Pulse } from '../../../src/kernel/bpf/pulse.io.js'
import { loadLibc } from '../../../src/kernel/libc.io.js'
import { assert, suite } from '../../harness/suite.js'
import { ACK, arp, ethernet, ip4, ip6, neighbour, RST, SYN, solicitedNode, tcp } from './frames.js'
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

const FLAGS = { RST, 'RST, ACK': RST | ACK, ACK, SYN, 'SYN, ACK': SYN | ACK, 'RST, PSH': RST | 8 } as const
const of4 = (from: string, to: string, flags: number, protocol = 6, tags: readonly 'vlan'[] = []) =>
  ethernet('ip4', ip4(from, to, tcp(from, 80, to, 1_000, flags), protocol), undefined, tags)
const of6 = (from: string, to: string, flags: number, next = 6) =>
  ethernet('ip6', ip6(from, to, tcp(from, 80, to, 1_000, flags), next))

test('while an address is guarded, no RST without ACK leaves it: only what answers an unknown connection', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  const libc = loadLibc()
  if (gate === undefined || 'why' in libc) return
  for (const address of [OURS, OURS6]) {
    gate.setDeadline(address, 'open')
    gate.guard(address, libc.boottime() + 60_000)
  }
  const options = ip4(OURS, THEIRS, Uint8Array.of(1, 1, 1, 1, ...tcp(OURS, 80, THEIRS, 1_000, RST)))
  options[0] = 0x46
  const held = {
    IPv4: of4(OURS, THEIRS, RST),
    'IPv4 with options': ethernet('ip4', options),
    'with other flags': of4(OURS, THEIRS, RST | 8),
    'in a VLAN': of4(OURS, THEIRS, RST, 6, ['vlan']),
    IPv6: of6(OURS6, THEIRS6, RST),
  }
  for (const [what, frame] of Object.entries(held)) assert.is(gate.judge(frame), 'drop', what)
  assert.equal([gate.heldBack(OURS), gate.heldBack(OURS6)], [4, 1])
  for (const [what, flags] of Object.entries(FLAGS)) {
    if (what.startsWith('RST') && what !== 'RST, ACK') continue
    assert.is(gate.judge(of4(OURS, THEIRS, flags)), 'pass', what)
    assert.is(gate.judge(of6(OURS6, THEIRS6, flags)), 'pass', what)
  }
  const fragment = ip4(OURS, THEIRS, tcp(OURS, 80, THEIRS, 1_000, RST))
  fragment[7] = 9
  const passing = {
    'to it': of4(THEIRS, OURS, RST),
    'to it, IPv6': of6(THEIRS6, OURS6, RST),
    'of others': of4(THEIRS, '10.77.0.2', RST),
    'of others, IPv6': of6(THEIRS6, 'fd77::2', RST),
    'no TCP': of4(OURS, THEIRS, RST, 17),
    'no TCP, IPv6': of6(OURS6, THEIRS6, RST, 17),
    'a later fragment': ethernet('ip4', fragment),
    'cut short': of4(OURS, THEIRS, RST).subarray(0, 14 + 20 + 13),
  }
  for (const [what, frame] of Object.entries(passing)) assert.is(gate.judge(frame), 'pass', what)
  for (const address of [OURS, OURS6]) gate.guard(address, 'no more')
  for (const [what, frame] of Object.entries(held)) assert.is(gate.judge(frame), 'pass', what)
})

test('a guard ends by itself, and one that is not there guards nothing', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  const libc = loadLibc()
  if (gate === undefined || 'why' in libc) return
  gate.guard(OURS, libc.boottime() + 60_000)
  assert.equal([gate.judge(of4(OURS, THEIRS, RST)), gate.heldBack(OURS)], ['pass', undefined])
  gate.setDeadline(OURS, 'open')
  const until = libc.boottime() + 20
  gate.guard(OURS, until)
  assert.is(gate.judge(of4(OURS, THEIRS, RST)), 'drop')
  while (libc.boottime() <= until) assert.is.not(gate.judge(of4(OURS, THEIRS, ACK)), 'drop')
  assert.is(gate.judge(of4(OURS, THEIRS, RST)), 'pass')
  gate.guard(OURS, libc.boottime() + 60_000)
  gate.remove(OURS)
  gate.setDeadline(OURS, 'open')
  assert.equal([gate.judge(of4(OURS, THEIRS, RST)), gate.heldBack(OURS)], ['pass', 0])
})

test('once the pulse has stopped, no acknowledgement leaves that carries nothing else; with a pulse, or none at all, all leave', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  const libc = loadLibc()
  if (gate === undefined || 'why' in libc) return
  const pulse = Pulse.of(gate.pulse)
  if ('why' in pulse) throw new Error(pulse.why)
  for (const address of [OURS, OURS6]) gate.setDeadline(address, 'open')
  const timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
  const long = Uint8Array.from([...tcp(OURS, 80, THEIRS, 1_000, ACK), ...timestamps])
  long[12] = 0x80
  const options = ip4(OURS, THEIRS, Uint8Array.of(1, 1, 1, 1, ...long))
  options[0] = 0x46
  const withheld = {
    IPv4: of4(OURS, THEIRS, ACK),
    'with PSH': of4(OURS, THEIRS, ACK | 8),
    'with timestamps': ethernet('ip4', ip4(OURS, THEIRS, long)),
    'with options of both headers': ethernet('ip4', options),
    'in a VLAN': of4(OURS, THEIRS, ACK, 6, ['vlan']),
    IPv6: of6(OURS6, THEIRS6, ACK),
    'IPv6, with timestamps': ethernet('ip6', ip6(OURS6, THEIRS6, long, 6)),
  }
  const byte = (segment: Uint8Array) => Uint8Array.from([...segment, 7])
  const passing = {
    'with a byte': ethernet('ip4', ip4(OURS, THEIRS, byte(tcp(OURS, 80, THEIRS, 1_000, ACK)))),
    'with timestamps and a byte': ethernet('ip4', ip4(OURS, THEIRS, byte(long))),
    'with a byte, IPv6': ethernet('ip6', ip6(OURS6, THEIRS6, byte(tcp(OURS6, 80, THEIRS6, 1_000, ACK)), 6)),
    'SYN, ACK': of4(OURS, THEIRS, SYN | ACK),
    'FIN, ACK': of4(OURS, THEIRS, 1 | ACK),
    'RST, ACK': of6(OURS6, THEIRS6, RST | ACK),
    RST: of4(OURS, THEIRS, RST),
    'to it': of4(THEIRS, OURS, ACK),
    'to it, IPv6': of6(THEIRS6, OURS6, ACK),
    'of others': of4(THEIRS, '10.77.0.2', ACK),
    'no TCP': of4(OURS, THEIRS, ACK, 17),
    'cut short': of4(OURS, THEIRS, ACK).subarray(0, 14 + 20 + 13),
  }
  const judged = (frames: Readonly<Record<string, Uint8Array>>, expected: string) => {
    for (const [what, frame] of Object.entries(frames)) assert.is(gate.judge(frame), expected, what)
  }
  judged({ ...withheld, ...passing }, 'pass')
  pulse.beat(libc.boottime() + 60_000)
  judged({ ...withheld, ...passing }, 'pass')
  pulse.beat(libc.boottime() - AWAKE_MS - 1)
  judged(withheld, 'drop')
  judged(passing, 'pass')
  assert.equal([gate.withheld(OURS), gate.withheld(OURS6), gate.drops(OURS), gate.heldBack(OURS)], [5, 2, 0, 0])
  gate.guard(OURS, libc.boottime() + 60_000)
  judged(withheld, 'drop')
  assert.equal([gate.judge(passing.RST), gate.heldBack(OURS)], ['drop', 1])
  gate.guard(OURS, 'no more')
  pulse.rest()
  judged({ ...withheld, ...passing }, 'pass')
})

test('a pulse ends by itself', (scope) => {
  const gate = permitted(scope, LeaseGate.open())
  const libc = loadLibc()
  if (gate === undefined || 'why' in libc) return
  const pulse = Pulse.of(gate.pulse)
  if ('why' in pulse) throw new Error(pulse.why)
  gate.setDeadline(OURS, 'open')
  const beaten = libc.boottime()
  pulse.beat(beaten)
  for (;;) {
    const before = libc.boottime()
    const said = gate.judge(of4(OURS, THEIRS, ACK))
    if (said === 'drop') break
    assert.ok(before < beaten + AWAKE_MS, 'it passed after its end')
  }
  assert.ok(libc.boottime() >= beaten + AWAKE_MS)
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
