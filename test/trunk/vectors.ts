/** What docs/wire-trunk.md shows in hex, made by the code from fixed inputs. */
import { utf8 } from '../../src/base/bytes.js'
import { encodeSwarmMessage } from '../../src/gossip/discovery/swarm-message.js'
import { swarmKeys } from '../../src/node/discovery/discovery.io.js'
import type { Aead } from '../../src/trunk/aead.js'
import { loadAegis } from '../../src/trunk/aegis.io.js'
import { CountedSealer } from '../../src/trunk/counted-seal.io.js'
import { encodeDataLinkMessage } from '../../src/trunk/data-link-offer.js'
import { loadEvp } from '../../src/trunk/evp.io.js'
import type { Found } from '../../src/trunk/found.js'
import { encodeGreeting } from '../../src/trunk/hello.js'
import { clusterProofs, deriveKey, nodeIdOf, nodeKeyPair } from '../../src/trunk/keys.io.js'
import { encodePreamble } from '../../src/trunk/link-preamble.js'
import { encodeGoodbye, PING, PONG } from '../../src/trunk/link-session.js'
import { RECORD_SEALED_BYTES_MAX, writeRecordHeader } from '../../src/trunk/record.js'

const repeat = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte)

export function vectors(): Record<string, Uint8Array> {
  const clusterKey = Uint8Array.from({ length: 32 }, (_, i) => i)
  const { publicKey } = nodeKeyPair(repeat(7, 32))
  const [proof = new Uint8Array(0)] = clusterProofs(() => [clusterKey]).make('initiator', repeat(9, 64), publicKey)
  const linkId = repeat(0x11, 16)
  const header = new Uint8Array(4)
  writeRecordHeader(header, RECORD_SEALED_BYTES_MAX)
  return {
    'proof-key': deriveKey(clusterKey, 'control proof 1'),
    'public-key': publicKey,
    'node-id': Uint8Array.from(nodeIdOf(publicKey).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
    proof,
    hello: encodeGreeting({
      kind: 'hello',
      versions: { lowest: 1, highest: 1 },
      features: 0,
      node: nodeIdOf(publicKey),
      boot: 3,
      name: 'edge-1',
      proofs: [proof],
    }),
    ...swarmVectors(clusterKey, nodeIdOf(publicKey)),
    welcome: encodeGreeting({ kind: 'welcome' }),
    'refused-wrong-key': encodeGreeting({ kind: 'refused', code: 'wrong-key' }),
    ping: PING,
    pong: PONG,
    'goodbye-stopping': encodeGoodbye('stopping'),
    offer: encodeDataLinkMessage({
      kind: 'offer',
      linkId,
      keyOfOfferer: repeat(0x22, 32),
      keyOfAccepter: repeat(0x33, 32),
      pair: 0,
      suites: ['secretstream'],
    }),
    'accept-v4': encodeDataLinkMessage({
      kind: 'accept',
      linkId,
      at: { address: '10.1.2.3', port: 7_947 },
      lanes: 1,
      suite: 'secretstream',
    }),
    'accept-v6': encodeDataLinkMessage({
      kind: 'accept',
      linkId,
      at: { address: '2001:db8::7', port: 7_947 },
      lanes: 1,
      suite: 'secretstream',
    }),
    refuse: encodeDataLinkMessage({ kind: 'refuse', linkId, reason: 'stopping' }),
    preamble: encodePreamble({ linkId, sealHeader: repeat(0x44, 24) }),
    'longest-record-header': header,
    'offer-suites': encodeDataLinkMessage({
      kind: 'offer',
      linkId,
      keyOfOfferer: repeat(0x22, 32),
      keyOfAccepter: repeat(0x33, 32),
      pair: 1,
      suites: ['aes-256-gcm', 'secretstream'],
    }),
    'accept-suite': encodeDataLinkMessage({
      kind: 'accept',
      linkId,
      at: { address: '10.1.2.3', port: 7_947 },
      lanes: 2,
      suite: 'aes-256-gcm',
    }),
    ...countedRecords('aes-256-gcm', loadEvp()),
    ...countedRecords('aegis-128l', loadAegis()),
  }
}

/** `baton` three times: twice under the first key, then under the next. */
function countedRecords(suite: 'aes-256-gcm' | 'aegis-128l', aead: Found<Aead>): Record<string, Uint8Array> {
  if ('why' in aead) throw new Error(aead.why)
  const sealer = new CountedSealer(suite, aead, repeat(0x22, 32), repeat(0x44, 24))
  const seal = () => {
    const sealed = new Uint8Array(utf8('baton').byteLength + sealer.overheadBytes)
    sealer.seal(utf8('baton'), sealed)
    return sealed
  }
  const name = suite === 'aegis-128l' ? 'aegis' : 'gcm'
  const records = { [`${name}-record-0`]: seal(), [`${name}-record-1`]: seal() }
  sealer.rekey()
  const next = { [`${name}-record-next-key`]: seal() }
  sealer.close()
  return { ...records, ...next }
}

function swarmVectors(clusterKey: Uint8Array, node: string): Record<string, Uint8Array> {
  const { topics, proofs } = swarmKeys(() => [clusterKey])
  const [gossip, control] = [
    { address: '10.1.2.3', port: 7440 },
    { address: '2001:db8::7', port: 7441 },
  ]
  return {
    'swarm-topic': topics()[0] ?? new Uint8Array(0),
    'swarm-proof': encodeSwarmMessage({ kind: 'proof', proofs: proofs(repeat(9, 64), true) }),
    'swarm-introduction': encodeSwarmMessage({
      kind: 'introduction',
      introduction: { node, boot: 3, gossip, control },
    }),
    'swarm-carry': encodeSwarmMessage({ kind: 'carry' }),
  }
}
