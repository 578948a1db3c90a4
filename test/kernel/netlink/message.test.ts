import { ByteWriter, fromHex, toHex } from '../../../src/base/bytes.js'
import { Prng } from '../../../src/base/prng.js'
import {
  decodeMessages,
  encodeMessage,
  errnoOfMessage,
  putAttribute,
  readAttributes,
} from '../../../src/kernel/netlink/message.js'
import { addressRequest, decodeAddress, decodeLink, decodeRoute } from '../../../src/kernel/netlink/objects.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/netlink, messages')

test('a message is its header and what it says, and several are in one datagram', () => {
  const first = encodeMessage({ type: 16, flags: 5, sequence: 7, payload: Uint8Array.of(1, 2, 3) })
  assert.is(toHex(first), '13000000100005000700000000000000010203')
  const padded = new Uint8Array(20)
  padded.set(first)
  const second = encodeMessage({ type: 3, flags: 0, sequence: 8, payload: new Uint8Array(4) })
  const both = Uint8Array.from([...padded, ...second])
  assert.equal(
    decodeMessages(both).map(({ type, sequence, payload }) => [type, sequence, payload.length]),
    [
      [16, 7, 3],
      [3, 8, 4],
    ],
  )
  for (let length = 0; length < both.length; length++) assert.ok(decodeMessages(both.subarray(0, length)).length < 2)
})

test('attributes begin at multiples of four, and are read back', () => {
  const out = new ByteWriter(64)
  putAttribute(out, 1, Uint8Array.of(9))
  putAttribute(out, 0x8002, Uint8Array.of(1, 2, 3, 4))
  const attributes = readAttributes(out.finish())
  assert.equal(
    [...attributes].map(([type, value]) => [type, [...value]]),
    [
      [1, [9]],
      [2, [1, 2, 3, 4]],
    ],
  )
})

test('an error is a negative errno, and 0 is none', () => {
  const error = (payload: string) => errnoOfMessage({ type: 2, flags: 0, sequence: 1, payload: fromHex(payload) })
  assert.is(error('ffffffff'), 1)
  assert.is(error('9dffffff'), 99)
  assert.is(error('00000000'), 0)
})

test('the request for an address is that of `ip address add 10.0.0.1/32 dev 3`, and without a look for twins for IPv6', () => {
  assert.is(toHex(addressRequest(3, '10.0.0.1')), '0220000003000000080002000a000001080001000a0000010800080000000000')
  assert.match(toHex(addressRequest(3, 'fd00::1')), /^0a80000003000000.*0800080002000000$/)
})

test('whatever the kernel says, nothing is thrown', () => {
  const random = new Prng(Number(process.env['SEED'] ?? 1))
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: random.below(80) }, () => random.below(random.chance(0.5) ? 12 : 256))
    for (const { payload } of decodeMessages(bytes)) errnoOfMessage({ type: 2, flags: 0, sequence: 0, payload })
    for (const decode of [decodeLink, decodeAddress, decodeRoute, readAttributes]) decode(bytes)
  }
})

test.run()
