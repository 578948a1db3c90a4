import { Prng } from '../../src/base/prng.js'
import { type DataLinkMessage, decodeDataLinkMessage, encodeDataLinkMessage } from '../../src/trunk/data-link-offer.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('trunk/data-link-offer')

function draw(random: Prng): DataLinkMessage {
  const linkId = random.bytes(16)
  const address = random.chance(0.5) ? '10.1.2.3' : '2001:db8::7'
  const messages: DataLinkMessage[] = [
    {
      kind: 'offer',
      linkId,
      keyOfOfferer: random.bytes(32),
      keyOfAccepter: random.bytes(32),
      pair: random.below(3),
      suites: random.chance(0.5) ? ['secretstream'] : ['aes-256-gcm', 'secretstream'],
    },
    {
      kind: 'accept',
      linkId,
      at: { address, port: 1 + random.below(65_535) },
      lanes: 1 + random.below(3),
      suite: random.chance(0.5) ? 'secretstream' : 'aes-256-gcm',
    },
    { kind: 'refuse', linkId, reason: 'no lane: '.repeat(random.below(20)) },
  ]
  return messages[random.below(3)] as DataLinkMessage
}

test('what is encoded is decoded', () => {
  const random = new Prng(1)
  for (let round = 0; round < 300; round++) {
    const message = draw(random)
    assert.equal(decodeDataLinkMessage(encodeDataLinkMessage(message)), { type: 'message', message })
  }
})

test('suites of a later release are skipped in an offer, and refused in an answer', () => {
  const linkId = new Uint8Array(16)
  const [keyOfOfferer, keyOfAccepter] = [new Uint8Array(32), new Uint8Array(32)]
  const suites = ['aes-256-gcm', 'secretstream'] as const
  const offer = encodeDataLinkMessage({ kind: 'offer', linkId, keyOfOfferer, keyOfAccepter, pair: 0, suites })
  offer[offer.length - 2] = 77
  const read = decodeDataLinkMessage(offer)
  assert.equal(read.type === 'message' && read.message.kind === 'offer' && read.message.suites, ['secretstream'])
  const at = { address: '10.1.2.3', port: 1 }
  const accept = encodeDataLinkMessage({ kind: 'accept', linkId, at, lanes: 1, suite: 'aes-256-gcm' })
  accept[accept.length - 1] = 77
  assert.is(decodeDataLinkMessage(accept).type, 'malformed')
})

test('what is decoded does not change with the bytes it came from', () => {
  const message = draw(new Prng(2))
  const bytes = encodeDataLinkMessage(message)
  const decoded = decodeDataLinkMessage(bytes)
  bytes.fill(0)
  assert.equal(decoded, { type: 'message', message })
})

test('a kind of a later release is told apart from nonsense', () => {
  const bytes = encodeDataLinkMessage(draw(new Prng(3)))
  bytes[0] = 9
  assert.equal(decodeDataLinkMessage(bytes), { type: 'unknown', kind: 9 })
  assert.is(decodeDataLinkMessage(new Uint8Array(0)).type, 'malformed')
})

test('an offer with short keys and an accept without a port are malformed', () => {
  const linkId = new Uint8Array(16)
  const short: DataLinkMessage = {
    kind: 'offer',
    linkId,
    keyOfOfferer: new Uint8Array(31),
    keyOfAccepter: new Uint8Array(32),
    pair: 0,
    suites: ['secretstream'],
  }
  assert.is(decodeDataLinkMessage(encodeDataLinkMessage(short)).type, 'malformed')
  const nowhere: DataLinkMessage = {
    kind: 'accept',
    linkId,
    at: { address: '10.0.0.1', port: 0 },
    lanes: 1,
    suite: 'secretstream',
  }
  assert.is(decodeDataLinkMessage(encodeDataLinkMessage(nowhere)).type, 'malformed')
})

test('a long reason is cut, not refused', () => {
  const linkId = new Uint8Array(16)
  const decoded = decodeDataLinkMessage(encodeDataLinkMessage({ kind: 'refuse', linkId, reason: 'x'.repeat(999) }))
  assert.equal(decoded, { type: 'message', message: { kind: 'refuse', linkId, reason: 'x'.repeat(200) } })
})

test('random bytes and flipped bits never throw', () => {
  const random = new Prng(4)
  for (let round = 0; round < 2_000; round++) {
    const bytes = round % 2 === 0 ? random.bytes(random.below(150)) : encodeDataLinkMessage(draw(random))
    if (bytes.byteLength > 0) bytes[random.below(bytes.byteLength)] = random.u32()
    decodeDataLinkMessage(bytes)
  }
})

test.run()
