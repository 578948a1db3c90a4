import { decodeSockaddr, encodeSockaddr, SOCKADDR_BYTES_MAX } from '../../src/kernel/sockaddr.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/sockaddr')

/** As a C program on x86-64 shows them. */
const VECTORS = [
  [{ address: '127.0.0.9', port: 8_080 }, '02001f907f0000090000000000000000'],
  [{ address: '2001:db8::1', port: 443 }, `0a0001bb0000000020010db8000000000000000000000001${'00'.repeat(4)}`],
] as const

test('addresses lie in it as in C', () => {
  for (const [at, hex] of VECTORS) {
    // Whatever was in the buffer before.
    const bytes = new Uint8Array(SOCKADDR_BYTES_MAX).fill(0xee)
    const length = encodeSockaddr(at, bytes)
    assert.is(Buffer.from(bytes.subarray(0, length)).toString('hex'), hex)
    assert.equal(decodeSockaddr(bytes), at)
  }
})

test('an IPv4 peer of a dual-stack listener is an IPv4 address', () => {
  const bytes = new Uint8Array(SOCKADDR_BYTES_MAX)
  bytes.set([10, 0, 0x12, 0x34])
  bytes.set([255, 255, 10, 0, 0, 1], 8 + 10)
  assert.equal(decodeSockaddr(bytes), { address: '10.0.0.1', port: 0x1234 })
})

test('what is no address is none, either way', () => {
  assert.is(encodeSockaddr({ address: 'localhost', port: 1 }, new Uint8Array(SOCKADDR_BYTES_MAX)), 0)
  for (const bytes of [[], [1, 0, 0, 0], [2, 0, 0, 80], [10, 0, ...new Array<number>(20).fill(0)], [2, 1]])
    assert.is(decodeSockaddr(Uint8Array.from(bytes)), undefined)
})

test.run()
