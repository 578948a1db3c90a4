import { fromHex, toHex } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { isSegmentTo, packetOf } from '../../src/kernel/captured-frame.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/captured-frame')
const ETHERNET = '02000000000102000000000208 00'.replaceAll(' ', '')
/** A SYN as tcpdump shows it, with its true checksum 0xfe2f... computed below. */
const HEADER = '4500002c000040004006b6a10a4d00040a4d0908'
const SEGMENT = '9c4000500000000100000000600204000000000002040 5b4'.replaceAll(' ', '')

/** RFC 1071, over the pseudo header and the segment. */
function sum(bytes: Uint8Array, start = 0): number {
  let total = start
  for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

function captured(flags: number, from: number, at: number, rest: Uint8Array): Uint8Array {
  const header = new Uint8Array(10)
  const view = new DataView(header.buffer)
  view.setUint8(0, flags)
  view.setUint16(6, from, true)
  view.setUint16(8, at, true)
  return Uint8Array.from([...header, ...fromHex(ETHERNET), ...rest])
}

const packet = fromHex(HEADER + SEGMENT)
const pseudo = sum(packet.subarray(12, 20), 6 + 24)

test('a packet without its frame, and without what the frame was filled up with', () => {
  const filled = Uint8Array.from([...packet, 0, 0])
  assert.is(toHex(packetOf(captured(0, 0, 0, filled)) ?? new Uint8Array(0)), toHex(packet))
})

test('a checksum that was left to the card is completed; one that is wrong stays wrong', () => {
  const begun = packet.slice()
  begun[36] = pseudo >> 8
  begun[37] = pseudo & 255
  const whole = packetOf(captured(1, 14 + 20, 16, begun)) ?? new Uint8Array(0)
  assert.is(sum(whole.subarray(20), pseudo), 0xffff)
  assert.is(toHex(packetOf(captured(0, 14 + 20, 16, begun)) ?? new Uint8Array(0)), toHex(begun))
})

test('what is cut short, says to be longer than it is, or has its checksum elsewhere is no packet', () => {
  const whole = captured(1, 14 + 20, 16, packet)
  for (let cut = 0; cut < whole.length; cut++) assert.is(packetOf(whole.subarray(0, cut)), undefined, `${cut}`)
  assert.is(packetOf(captured(1, 14 + 44, 16, packet)), undefined)
  assert.is(packetOf(captured(1, 0, 2, packet)), undefined)
  const random = new Prng(3)
  for (let i = 0; i < 5_000; i++) packetOf(Uint8Array.from({ length: random.below(90) }, () => random.below(256)))
})

test('TCP to the address, and from somebody who can be answered by another way', () => {
  assert.ok(isSegmentTo(packet, '10.77.9.8'))
  assert.not(isSegmentTo(packet, '10.77.9.9'))
  const udp = packet.slice()
  udp[9] = 17
  assert.not(isSegmentTo(udp, '10.77.9.8'))
  assert.not(isSegmentTo(packet.subarray(0, 30), '10.77.9.8'))
  const v6 = fromHex(`6000000000180640${'fd77'.padEnd(31, '0')}1${'fd77'.padEnd(30, '0')}98${SEGMENT}`)
  assert.ok(isSegmentTo(v6, 'fd77::98'))
  v6.set([0xfe, 0x80], 8)
  assert.not(isSegmentTo(v6, 'fd77::98'), 'its sender has no address beyond one link')
})

test.run()
