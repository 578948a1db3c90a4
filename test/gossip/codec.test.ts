import { Prng } from '../../src/base/prng.js'
import {
  checkProfile,
  decodePacket,
  encodeMessage,
  encodePacket,
  PACKET_BYTES_MAX,
  STREAM_PACKET_BYTES_MAX,
} from '../../src/gossip/codec.js'
import type { Claim, Identity, Message } from '../../src/gossip/messages.js'
import { SEAL_OVERHEAD_BYTES } from '../../src/gossip/seal.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, profileOf } from './profiles.js'

const test = suite('gossip/codec')
const me: Identity = { node: nodeId(0), boot: 7 }

function drawMessage(random: Prng): Message {
  const seq = random.u32()
  const identity = { node: nodeId(random.below(99)), boot: 1 + random.below(2 ** 32 - 1) }
  const kinds: Message[] = [
    { kind: 'ping', seq, target: identity },
    { kind: 'ping', seq, target: undefined },
    { kind: 'ping-req', seq, target: identity, at: profileOf(random.below(99)).gossip },
    { kind: 'ack', seq, subject: identity },
    { kind: 'nack', seq },
    { kind: 'claim', claim: drawClaim(random) },
    { kind: 'pull', digest: undefined },
    { kind: 'pull', digest: '0123456789abcdef' },
  ]
  return kinds[random.below(kinds.length)] as Message
}

function drawClaim(random: Prng): Claim {
  const states = ['alive', 'suspect', 'down', 'left'] as const
  const profile = {
    ...profileOf(random.below(99), 1 + random.below(2 ** 32 - 1)),
    name: 'ü'.repeat(random.below(32)),
    data: { address: '2001:db8::1', port: random.below(65_536) },
    flags: random.u32(),
  }
  return { profile, state: states[random.below(4)] ?? 'alive', incarnation: random.u32(), accuser: nodeId(1) }
}

test('what is encoded is decoded', () => {
  const random = new Prng(1)
  for (let round = 0; round < 300; round++) {
    const messages = Array.from({ length: random.below(8) }, () => drawMessage(random))
    const decoded = decodePacket(encodePacket(me, messages.map(encodeMessage)))
    assert.equal(decoded, { type: 'packet', packet: { sender: me, messages }, skipped: 0 })
  }
})

test('a kind from a later release is skipped, and so are fields that it added', () => {
  const nack = encodeMessage({ kind: 'nack', seq: 5 })
  const unknown = Uint8Array.of(200, 3, 0, 1, 2, 3)
  const longer = Uint8Array.of(...nack, 9, 9).fill(nack.byteLength - 3 + 2, 1, 2)
  const decoded = decodePacket(encodePacket(me, [unknown, longer, nack]))
  assert.equal(decoded, {
    type: 'packet',
    packet: {
      sender: me,
      messages: [
        { kind: 'nack', seq: 5 },
        { kind: 'nack', seq: 5 },
      ],
    },
    skipped: 1,
  })
})

test('another version, a cut packet and an endless one are malformed', () => {
  const bytes = encodePacket(me, [encodeMessage({ kind: 'claim', claim: drawClaim(new Prng(3)) })])
  const later = Uint8Array.from(bytes).fill(2, 0, 1)
  assert.is(decodePacket(later).type, 'malformed')
  assert.is(decodePacket(new Uint8Array(STREAM_PACKET_BYTES_MAX + 1).fill(1)).type, 'malformed')
  // Cut between messages it would be a shorter packet: 21 bytes are a packet without any.
  for (let length = 0; length < bytes.byteLength; length++) {
    assert.is(decodePacket(bytes.subarray(0, length)).type, length === 21 ? 'packet' : 'malformed', `${length} bytes`)
  }
})

test('a claim that nobody could pass on is refused', () => {
  const claim = drawClaim(new Prng(2))
  const profile = { ...claim.profile, name: 'abc', gossip: { address: '10.0.0.1', port: 9 } }
  const good = encodeMessage({ kind: 'claim', claim: { ...claim, profile } })
  const name = good.findIndex((_, i) => good[i] === 97 && good[i + 1] === 98)
  const decode = (bytes: Uint8Array) => decodePacket(encodePacket(me, [bytes])).type
  assert.is(decode(good), 'packet')
  assert.is(decode(Uint8Array.from(good).fill(0xff, name, name + 1)), 'malformed', 'bad UTF-8')
  assert.is(decode(Uint8Array.from(good).fill(0, name + 8, name + 10)), 'malformed', 'gossip port 0')
  assert.is(decode(Uint8Array.from(good).fill(5, name + 3, name + 4)), 'malformed', 'address of 5 bytes')
  assert.is(decode(Uint8Array.from(good).fill(4, 3, 4)), 'malformed', 'unknown state')
})

test('random and damaged bytes never throw', () => {
  const seed = 4
  const random = new Prng(seed)
  for (let round = 0; round < 5_000; round++) {
    const bytes = random.chance(0.5)
      ? random.bytes(random.below(200))
      : encodePacket(me, [encodeMessage(drawMessage(random)), encodeMessage(drawMessage(random))])
    for (let damages = random.below(4); damages > 0 && bytes.byteLength > 0; damages--) {
      bytes[random.below(bytes.byteLength)] = random.u32()
    }
    if (random.chance(0.5)) bytes[0] = 1
    try {
      const decoded = decodePacket(bytes)
      // Whatever is believed must be fit to be passed on.
      if (decoded.type === 'packet') for (const message of decoded.packet.messages) encodeMessage(message)
    } catch (error) {
      throw new Error(`round ${round}, SEED=${seed}`, { cause: error })
    }
  }
})

test('the longest claim fits into a datagram of 1200 bytes many times', () => {
  const wide = { address: '2001:db8:1:2:3:4:5:6', port: 65_535 }
  const profile = { ...profileOf(0), name: 'x'.repeat(63), gossip: wide, control: wide, data: wide }
  const bytes = encodeMessage({ kind: 'claim', claim: { profile, state: 'down', incarnation: 1, accuser: nodeId(1) } })
  assert.ok(bytes.byteLength <= 170, `${bytes.byteLength} bytes`)
  assert.is(PACKET_BYTES_MAX + SEAL_OVERHEAD_BYTES, 1_200)
})

test('what cannot be encoded of a profile is said in words', () => {
  assert.equal(checkProfile(profileOf(0)), [])
  const nowhere = { address: '', port: 0 }
  assert.is(checkProfile({ ...profileOf(0), name: 'ü'.repeat(32), boot: 0, gossip: nowhere }).length, 4)
})

test.run()
