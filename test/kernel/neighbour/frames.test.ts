/** ARP and neighbour discovery: what is said is heard as it was meant, and nothing else is believed. */
import type { Heard, Said } from '../../../src/address/ports.js'
import { toHex } from '../../../src/base/bytes.js'
import { Prng } from '../../../src/base/prng.js'
import { decodeArp, encodeArp } from '../../../src/kernel/neighbour/arp.js'
import { decodeNdp, encodeNdp } from '../../../src/kernel/neighbour/ndp.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/neighbour')
const [MAC, ASKER_MAC] = ['02:00:00:00:00:01', '02:00:00:00:00:02']
const [IP, IP6, ASKER, ASKER6] = ['10.0.0.100', 'fd00::100', '10.0.0.7', 'fd00::7']
const heard = (frames: readonly Uint8Array[], decode: (frame: Uint8Array) => Heard[]) => frames.flatMap(decode)

test('ARP: a probe is the frame of RFC 5227', () => {
  const probe = encodeArp(MAC, { kind: 'probe', address: IP })
  const expected = ['ffffffffffff', '020000000001', '0806', '0001', '0800', '0604', '0001', '020000000001', '00000000']
  assert.is(toHex(probe[0] ?? new Uint8Array(0)), [...expected, '000000000000', '0a000064'].join(''))
})

test('ARP: what is said is heard', () => {
  const said = (one: Said) => heard(encodeArp(MAC, one), decodeArp)
  const claim: Heard = { kind: 'claim', address: IP, mac: MAC }
  assert.equal(said({ kind: 'probe', address: IP }), [{ kind: 'question', address: IP, mac: MAC, asker: '0.0.0.0' }])
  assert.equal(said({ kind: 'announcement', address: IP }), [claim, claim])
  const answer: Said = { kind: 'answer', address: IP, to: ASKER_MAC, asker: ASKER }
  assert.equal(said(answer), [claim])
  assert.is(toHex(encodeArp(MAC, answer)[0]?.subarray(0, 6) ?? new Uint8Array(0)), '020000000002')
})

test('neighbour discovery: what is said is heard', () => {
  const said = (one: Said) => heard(encodeNdp(MAC, one), decodeNdp)
  const claim: Heard = { kind: 'claim', address: IP6, mac: MAC }
  assert.equal(said({ kind: 'probe', address: IP6 }), [{ kind: 'question', address: IP6, mac: MAC, asker: '::' }])
  assert.equal(said({ kind: 'announcement', address: IP6 }), [claim])
  for (const asker of [ASKER6, '::']) {
    assert.equal(said({ kind: 'answer', address: IP6, to: ASKER_MAC, asker }), [claim])
  }
})

test('neighbour discovery: groups and flags are those of RFC 4861', () => {
  const frame = (one: Said) => encodeNdp(MAC, one)[0] ?? new Uint8Array(0)
  const destination = (one: Said) => toHex(frame(one).subarray(38, 54))
  const flags = (one: Said) => toHex(frame(one).subarray(58, 59))
  assert.is(destination({ kind: 'probe', address: IP6 }), 'ff0200000000000000000001ff000100')
  assert.is(toHex(frame({ kind: 'probe', address: IP6 }).subarray(0, 6)), '3333ff000100')
  const announcement: Said = { kind: 'announcement', address: IP6 }
  assert.equal([destination(announcement), flags(announcement)], ['ff020000000000000000000000000001', '20'])
  const answer: Said = { kind: 'answer', address: IP6, to: ASKER_MAC, asker: ASKER6 }
  assert.equal([destination(answer), flags(answer)], ['fd000000000000000000000000000007', '60'])
  // One that has no address yet hears it with all others.
  assert.is(destination({ ...answer, asker: '::' }), 'ff020000000000000000000000000001')
})

test('a frame that is cut, or has one changed bit where it is vouched for, says nothing', () => {
  const [ndp = new Uint8Array(0)] = encodeNdp(MAC, { kind: 'announcement', address: IP6 })
  for (let length = 0; length < ndp.byteLength; length++)
    assert.equal(decodeNdp(ndp.subarray(0, length)), [], `${length}`)
  for (let at = 22; at < ndp.byteLength; at++) {
    const changed = ndp.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(decodeNdp(changed), [], `byte ${at}`)
  }
  const far = ndp.slice()
  far[21] = 254
  assert.equal(decodeNdp(far), [], 'it came over a router')
  const [arp = new Uint8Array(0)] = encodeArp(MAC, { kind: 'announcement', address: IP })
  for (let length = 0; length < arp.byteLength; length++) assert.equal(decodeArp(arp.subarray(0, length)), [])
  for (const at of [14, 15, 16, 17, 18, 19]) {
    const changed = arp.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(decodeArp(changed), [], `byte ${at}`)
  }
})

test('whatever comes, nothing is thrown', () => {
  const random = new Prng(Number(process.env['SEED'] ?? 1))
  for (let i = 0; i < 20_000; i++) {
    const frame = Uint8Array.from({ length: random.below(120) }, () => random.below(256))
    if (random.chance(0.5))
      frame.subarray(14, 22).set([0x60, 0, 0, 0, 0, random.below(64), 58, 255].slice(0, Math.max(0, frame.length - 14)))
    decodeArp(frame)
    decodeNdp(frame)
  }
})

test.run()
