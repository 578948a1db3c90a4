/** What each reader does with what it does not know: docs/versions.md says it in words. Further such tests are beside each codec. */
import { ByteWriter, utf8 } from '../../src/base/bytes.js'
import { decodeElection } from '../../src/election/codec.js'
import { decodePacket, encodePacket } from '../../src/gossip/codec.js'
import { decodeSync } from '../../src/gossip/sync-codec.js'
import { decodeHandoff, encodeHandoff } from '../../src/handoff/messages.js'
import { decodeErrand } from '../../src/node/errand.js'
import { visitFrames } from '../../src/proxy/splice-codec.js'
import { decodeDataLinkMessage, encodeDataLinkMessage } from '../../src/trunk/data-link-offer.js'
import { decodeGreeting } from '../../src/trunk/hello.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('versions/unknown')

const OFFER = encodeDataLinkMessage({ kind: 'refuse', linkId: new Uint8Array(16), reason: '' })
const NOBODY = { onDataFrame: never, onAckFrame: never, onFrame: never }

/** `link`: it ends; `skip`: the message is passed over, and all goes on. */
const READERS: readonly (readonly [what: string, does: 'skip' | 'link', read: () => string])[] = [
  ['a greeting of an unknown kind', 'link', () => decodeGreeting(Uint8Array.of(...utf8('BTN'), 9)).type],
  [
    'a gossip message',
    'skip',
    () => decodePacket(encodePacket({ node: '0f'.repeat(16), boot: 1 }, [Uint8Array.of(200, 1, 0, 7)])).type,
  ],
  ['a message of the registry', 'skip', () => decodeSync(new ByteWriter().u8(1).u8(200).u32(1).u8(7).finish()).type],
  ['a message of the election', 'skip', () => decodeElection(Uint8Array.of(1, 200, 1, 2)).type],
  ['an election of another version', 'skip', () => decodeElection(Uint8Array.of(2, 1)).type],
  ['an offer', 'skip', () => decodeDataLinkMessage(OFFER.fill(200, 0, 1)).type],
  ['a message of a move', 'skip', () => String(decodeHandoff(new ByteWriter().u8(200).text('10.0.0.1').finish()))],
  ['a question of an operator', 'skip', () => String(decodeErrand(new ByteWriter().u8(99).u32(7).finish()))],
  ['an answer to one', 'skip', () => String(decodeErrand(new ByteWriter().u8(199).u32(7).finish()))],
  ['a splice frame', 'skip', () => String(visitFrames(Uint8Array.of(2, 0, 0, 0, 200, 1, 0, 0, 7), NOBODY))],
]

for (const [what, does, read] of READERS) {
  test(`${what}: ${does === 'skip' ? 'is passed over' : 'ends the link'}`, () => {
    assert.is(read() === 'malformed', does === 'link', read())
  })
}

test('what a later release writes behind a known message of a move is passed over', () => {
  const asked = encodeHandoff({ kind: 'can-you', contest: '10.0.0.1' })
  assert.equal(decodeHandoff(Uint8Array.of(...asked, 1, 2, 3)), { kind: 'can-you', contest: '10.0.0.1' })
})

function never(): never {
  throw new Error('nothing of it is known')
}

test.run()
