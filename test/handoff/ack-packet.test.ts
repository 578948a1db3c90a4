import { parseIp } from '../../src/base/address.js'
import { encodeAckPacket } from '../../src/handoff/ack-packet.js'
import { FLAG, readSegment } from '../../src/handoff/segment.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('handoff/ack-packet')

const OPTIONS = [[], [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8]].map((bytes) => Uint8Array.from(bytes))

for (const [from, to, ipBytes] of [
  ['10.0.0.100', '192.0.2.7', 20],
  ['fd77::99', 'fd77::1', 40],
] as const) {
  for (const options of OPTIONS) {
    test(`an acknowledgement from ${from} with ${options.length} bytes of options is read as it was meant, and its sum is right`, () => {
      const ends = [
        { address: from, port: 443 },
        { address: to, port: 40_000 },
      ] as const
      const packet = encodeAckPacket(...ends, { seq: 0xfffffff1, ack: 5, window: 700, options })
      const tcp = packet.subarray(ipBytes)
      const segment = readSegment(tcp, tcp.byteLength)
      const { seq, ack, flags } = { seq: 0xfffffff1, ack: 5, flags: FLAG.ack }
      assert.equal(segment, { sourcePort: 443, destinationPort: 40_000, seq, ack, length: 0, flags })
      const view = new DataView(tcp.buffer, tcp.byteOffset)
      assert.is(view.getUint16(14), 700)
      assert.equal([...tcp.subarray(20)], [...options])
      const words = [...(parseIp(from) ?? []), ...(parseIp(to) ?? []), 0, 6, 0, tcp.byteLength, ...tcp]
      let sum = 0
      for (let i = 0; i < words.length; i += 2) sum += (words[i] ?? 0) * 256 + (words[i + 1] ?? 0)
      while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
      assert.is(sum, 0xffff)
      assert.is(packet.byteLength, ipBytes + 20 + options.length)
    })
  }
}

test.run()
