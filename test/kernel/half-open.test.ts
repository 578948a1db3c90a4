import { ByteWriter } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import { countHalfOpen, decodeListenReply, encodeHalfOpenQuery, encodeListenQuery } from '../../src/kernel/sock-diag.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('kernel/half-open')
const [AF_INET, DIAG, DONE, SYN_RECV] = [2, 20, 3, 3]

/** `struct nlmsghdr`, and as much of `struct inet_diag_msg` as is looked at. */
function message(type: number, sequence: number, last = 0): Uint8Array {
  const out = new ByteWriter(128)
  out
    .u32(16 + 72)
    .u16(type)
    .u16(0)
    .u32(sequence)
    .u32(0)
  out.u8(AF_INET).u8(SYN_RECV).u16(0).u16be(80).u16be(40_000)
  out.put(Uint8Array.of(10, 0, 0, last)).put(new Uint8Array(60))
  return out.finish()
}

test('those to the address are counted, of the answer to this question alone, until it is over', () => {
  const datagram = Uint8Array.from([
    ...message(DIAG, 7, 1),
    ...message(DIAG, 7, 2),
    ...message(DIAG, 6, 1),
    ...message(DIAG, 7, 1),
  ])
  assert.equal(countHalfOpen(datagram, 7, '10.0.0.1'), { count: 2, done: false })
  assert.equal(countHalfOpen(Uint8Array.from([...datagram, ...message(DONE, 7)]), 7, '10.0.0.2'), {
    count: 1,
    done: true,
  })
  assert.equal(decodeListenReply(datagram, 7).sockets, [], 'they do not listen')
})

test('it is asked for handshakes, as for listeners but for the states; what does not parse is no handshake', () => {
  const [half, listen] = [encodeHalfOpenQuery(AF_INET, 1), encodeListenQuery(AF_INET, 1)]
  assert.equal(
    [...half].flatMap((byte, at) => (byte === listen[at] ? [] : [at])),
    [20, 21],
  )
  const random = new Prng(11)
  for (let i = 0; i < 2_000; i++) {
    const bytes = message(DIAG, 7, 1)
    bytes[random.below(bytes.length)] = random.below(256)
    countHalfOpen(bytes.subarray(0, random.below(bytes.length)), 7, '10.0.0.1')
  }
})

test.run()
