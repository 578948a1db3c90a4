import { toHex } from '../../src/base/bytes.js'
import type { ProxiedHeader } from '../../src/proxy/proxy-protocol/header.js'
import {
  decodeTerm,
  encodeTerm,
  findTlv,
  fitTlvs,
  identityTlvs,
  TLV,
  tlvText,
} from '../../src/proxy/proxy-protocol/tlv.js'
import { decodeProxyV2, encodeProxyV2, SENT_BYTES_MAX } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/proxy-protocol/tlv')

const HOLDER = '00112233445566778899aabbccddeeff'
const NODE = 'ffeeddccbbaa99887766554433221100'
const TERM = { number: 2 ** 40 + 7, holder: HOLDER }
const IDENTITY = { id: { node: NODE, boot: 3, counter: 1_717 }, service: 'web', node: 'alpha', term: TERM }

function proxied(names: { service: string; node: string }, address: string): ProxiedHeader {
  const endpoint = { address, port: 1 }
  const tlvs = identityTlvs({ ...IDENTITY, ...names })
  return { command: 'proxy', transport: 'stream', source: endpoint, destination: endpoint, tlvs }
}

/** What a receiver finds of the identity that was sent. */
function received(header: ProxiedHeader): number[] {
  const bytes = encodeProxyV2(header)
  const answer = decodeProxyV2(bytes)
  assert.ok(bytes.length <= SENT_BYTES_MAX)
  if (answer.type !== 'header' || answer.header.command !== 'proxy') throw new Error(answer.type)
  return answer.header.tlvs.map((tlv) => tlv.type)
}

test('a term is written in 24 bytes, big-endian', () => {
  assert.is(toHex(encodeTerm(TERM)), `0000010000000007${HOLDER}`)
  assert.equal(decodeTerm(encodeTerm(TERM)), TERM)
})

test('what is no term is undefined', () => {
  assert.is(decodeTerm(new Uint8Array(23)), undefined)
  assert.is(decodeTerm(new Uint8Array(24).fill(255)), undefined)
})

test('a backend is told splice, service, node and term', () => {
  const tlvs = identityTlvs(IDENTITY)
  assert.is(tlvText(tlvs, TLV.uniqueId), 'ffeeddcc-3-1717')
  assert.is(tlvText(tlvs, TLV.service), 'web')
  assert.is(tlvText(tlvs, TLV.node), 'alpha')
  assert.equal(decodeTerm(findTlv(tlvs, TLV.term) ?? new Uint8Array(0)), TERM)
})

test('an identity with names of ordinary length fits, over IPv6 too', () => {
  const header = proxied({ service: 's'.repeat(40), node: 'n'.repeat(63) }, '2001:db8::1')
  assert.equal(received(header), [TLV.uniqueId, TLV.service, TLV.node, TLV.term])
})

test('a name that does not fit is left out whole, and the others stay', () => {
  assert.equal(received(proxied({ service: 's'.repeat(200), node: 'n' }, '2001:db8::1')), [
    TLV.uniqueId,
    TLV.node,
    TLV.term,
  ])
})

test('the less important is left out first', () => {
  const value = new Uint8Array(10)
  const tlvs = [0xe9, TLV.alpn, TLV.node, TLV.service, TLV.term, TLV.uniqueId].map((type) => ({ type, value }))
  const kept = (bytesMax: number) => fitTlvs(tlvs, bytesMax).map((tlv) => tlv.type)
  assert.equal(kept(78), [0xe9, TLV.alpn, TLV.node, TLV.service, TLV.term, TLV.uniqueId])
  assert.equal(kept(77), [TLV.alpn, TLV.node, TLV.service, TLV.term, TLV.uniqueId])
  assert.equal(kept(64), [TLV.node, TLV.service, TLV.term, TLV.uniqueId])
  assert.equal(kept(51), [TLV.service, TLV.term, TLV.uniqueId])
  assert.equal(kept(38), [TLV.term, TLV.uniqueId])
  assert.equal(kept(25), [TLV.uniqueId])
  assert.equal(kept(12), [])
})

test('a UNIQUE_ID of more than 128 bytes is not sent, because HAProxy would refuse the connection', () => {
  const sized = (bytes: number) => [{ type: TLV.uniqueId, value: new Uint8Array(bytes) }]
  assert.is(fitTlvs(sized(128), 200).length, 1)
  assert.is(fitTlvs(sized(129), 200).length, 0)
})

test.run()
