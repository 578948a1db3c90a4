import { Prng } from '../../src/base/prng.js'
import { FLAG, readSegment } from '../../src/handoff/segment.js'
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

test.run()
