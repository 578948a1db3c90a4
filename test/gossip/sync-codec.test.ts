import { Prng } from '../../src/base/prng.js'
import { FACT_BYTES_MAX, type Fact } from '../../src/gossip/facts.js'
import { Registry } from '../../src/gossip/registry.js'
import { decodeSync, encodeSync, SYNC_PACKET_BYTES_MAX, type SyncMessage } from '../../src/gossip/sync-codec.js'
import { assert, suite } from '../harness/suite.js'
import { nodeId, randomHistory, seeds, WALL } from './knowledge.js'

const test = suite('gossip/sync-codec')

function someMessages(random: Prng): SyncMessage[] {
  const registry = new Registry(nodeId(1))
  for (const delta of randomHistory(random, 12)) registry.merge(delta, WALL)
  const version = { node: nodeId(7), boot: 2 ** 32 - 1, version: 2 ** 53 - 1 }
  return [
    { kind: 'summary', registry: registry.fingerprint(), facts: '0123456789abcdef' },
    ...registry.digests(2).map((digest) => ({ kind: 'digest', answer: random.chance(0.5), digest }) as const),
    { kind: 'entries', entries: registry.state() },
    { kind: 'fact-digest', answer: true, versions: [version] },
    { kind: 'facts', facts: [{ ...version, bytes: random.bytes(9) }] },
  ]
}

function decodedOf(packets: readonly Uint8Array[]): SyncMessage[] {
  return packets.flatMap((packet) => {
    const decoded = decodeSync(packet)
    if (decoded.type === 'malformed') throw new Error(decoded.why)
    return decoded.messages
  })
}

test('what is encoded is decoded again', () => {
  for (const seed of seeds(50)) {
    for (const message of someMessages(new Prng(seed))) {
      assert.equal(decodedOf(encodeSync(message)), [message], `replay with SEED=${seed}`)
    }
  }
})

test('every packet that is cut short is malformed', () => {
  for (const message of someMessages(new Prng(4))) {
    for (const packet of encodeSync(message)) {
      for (let length = 2; length < packet.byteLength; length++) {
        assert.is(decodeSync(packet.subarray(0, length)).type, 'malformed')
      }
    }
  }
})

test('random bytes and changed bytes have an answer', () => {
  for (const seed of seeds(300)) {
    const random = new Prng(seed)
    decodeSync(random.bytes(random.below(200)))
    for (const message of someMessages(random)) {
      for (const packet of encodeSync(message)) {
        packet[random.below(packet.byteLength)] = random.below(256)
        decodeSync(packet)
      }
    }
  }
})

test('a count that promises more than there is costs nothing', () => {
  const forged = Uint8Array.of(1, 5, 4, 0, 0, 0, 255, 255, 255, 255)
  assert.is(decodeSync(forged).type, 'malformed')
})

test('unknown kinds and what follows the known fields are skipped', () => {
  const [summary] = encodeSync({ kind: 'summary', registry: '00'.repeat(8), facts: '11'.repeat(8) }) as [Uint8Array]
  const longer = Uint8Array.of(...summary, 0xaa)
  longer[2] = 17
  const strange = Uint8Array.of(99, 2, 0, 0, 0, 1, 2)
  const decoded = decodeSync(Uint8Array.of(1, ...strange, ...longer.subarray(1)))
  assert.is(decoded.type === 'messages' ? decoded.skipped : -1, 1)
  assert.is(decoded.type === 'messages' ? decoded.messages[0]?.kind : '', 'summary')
})

test('another packet version is refused by name', () => {
  const decoded = decodeSync(Uint8Array.of(2))
  assert.match(decoded.type === 'malformed' ? decoded.why : '', /version 2, not 1/)
})

test('what is long goes in several packets, each within the limit', () => {
  const facts = Array.from({ length: 20 }, (_, i): Fact => {
    return { node: nodeId(i), boot: 1, version: 1, bytes: new Uint8Array(FACT_BYTES_MAX - i) }
  })
  const packets = encodeSync({ kind: 'facts', facts })
  assert.ok(packets.length > 1 && packets.every(({ byteLength }) => byteLength <= SYNC_PACKET_BYTES_MAX))
  assert.equal(
    decodedOf(packets).flatMap((message) => (message.kind === 'facts' ? message.facts : [])),
    facts,
  )
})

test('nothing is sent for nothing', () => {
  assert.equal(encodeSync({ kind: 'entries', entries: [] }), [])
  assert.equal(encodeSync({ kind: 'facts', facts: [] }), [])
})

test.run()
