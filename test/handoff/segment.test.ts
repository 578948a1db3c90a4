import { parseIp } from '../../src/base/address.js'
import { Prng } from '../../src/base/prng.js'
import { encodeSegment, FLAG, readSegment } from '../../src/handoff/segment.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/segment')

/** As RFC 9293, 3.1 has it: ports, sequence number, acknowledgement, data offset and flags, window, checksum, urgent pointer. */
function header(flags: number, headerBytes = 20): Uint8Array {
  const bytes = new Uint8Array(headerBytes)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 40_000)
  view.setUint16(2, 80)
  view.setUint32(4, 0xfffffffe)
  view.setUint32(8, 7)
  view.setUint8(12, (headerBytes / 4) << 4)
  view.setUint8(13, flags)
  return bytes
}

test('ports, sequence number, and a length in which SYN and FIN count', () => {
  const read = (flags: number, whole: number, headerBytes = 20) => readSegment(header(flags, headerBytes), whole)
  assert.equal(read(FLAG.ack, 120), {
    sourcePort: 40_000,
    destinationPort: 80,
    seq: 0xfffffffe,
    ack: 7,
    length: 100,
    flags: FLAG.ack,
  })
  assert.is(read(FLAG.ack, 32, 32)?.length, 0)
  assert.is(read(FLAG.ack | FLAG.fin, 132, 32)?.length, 101)
  assert.is(read(FLAG.syn, 20)?.length, 1)
})

test('what is no segment is nothing, and nothing throws', () => {
  assert.is(readSegment(header(FLAG.ack).subarray(0, 19), 19), undefined)
  assert.is(readSegment(header(FLAG.ack, 60).subarray(0, 40), 50), undefined, 'a header longer than the segment')
  const random = new Prng(3)
  for (let run = 0; run < 5_000; run++) {
    const bytes = Uint8Array.from({ length: random.below(80) }, () => random.below(256))
    readSegment(bytes, random.below(2_000))
  }
})

test('what is written is read again, and its checksum is right (RFC 9293, 3.1): with the pseudo-header all words sum up to -0', () => {
  const random = new Prng(5)
  const ends = [
    ['10.0.0.100', '192.0.2.7'],
    ['fd77::99', 'fd77::1'],
    ['255.255.255.255', '255.255.255.255'],
  ] as const
  for (const [from, to] of ends) {
    for (let run = 0; run < 500; run++) {
      const [seq, ack, sourcePort, destinationPort] = [
        random.u32(),
        random.u32(),
        random.below(65_536),
        random.below(65_536),
      ]
      const flags = random.below(64)
      const bytes = encodeSegment(
        { address: from, port: sourcePort },
        { address: to, port: destinationPort },
        { seq, ack, flags },
      )
      const counted = ((flags & FLAG.syn) === 0 ? 0 : 1) + ((flags & FLAG.fin) === 0 ? 0 : 1)
      assert.equal(readSegment(bytes, 20), { sourcePort, destinationPort, seq, ack, length: counted, flags })
      const pseudo = [...(parseIp(from) ?? []), ...(parseIp(to) ?? []), 0, 6, 0, 20]
      const all = [...pseudo, ...bytes]
      let sum = 0
      for (let i = 0; i < all.length; i += 2) sum += 256 * (all[i] ?? 0) + (all[i + 1] ?? 0)
      while (sum > 0xffff) sum = (sum % 65_536) + Math.floor(sum / 65_536)
      assert.is(sum, 0xffff)
    }
  }
})

test.run()
