import { toHex } from '../../../src/base/bytes.js'
import { addressKey } from '../../../src/kernel/bpf/address-key.js'
import { portBitmap } from '../../../src/kernel/bpf/port-bitmap.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('kernel/bpf/port-bitmap')

test('a port is one bit', () => {
  const bitmap = portBitmap([0, 9, 15, 65_535])
  assert.is(bitmap.length, 8_192)
  const set = [...bitmap].flatMap((byte, i) => (byte === 0 ? [] : [[i, byte]]))
  assert.equal(set, [
    [0, 0b1],
    [1, 0b1000_0010],
    [8_191, 0b1000_0000],
  ])
})

test('an address is 16 bytes, IPv4 mapped into IPv6', () => {
  assert.is(toHex(addressKey('10.77.9.9') ?? new Uint8Array()), '00000000000000000000ffff0a4d0909')
  assert.is(toHex(addressKey('fd77::9') ?? new Uint8Array()), 'fd770000000000000000000000000009')
  assert.is(addressKey('host'), undefined)
})

test.run()
