import { toHex, utf8 } from '../../src/base/bytes.js'
import type { ProxiedHeader } from '../../src/proxy/proxy-protocol/header.js'
import {
  decodeTerm,
  encodeTerm,
  findTlv,
  fitTlvs,
  identityTlvs,
  passedOn,
  TLV,
  tlvText,
} from '../../src/proxy/proxy-protocol/tlv.js'
import { decodeProxyV2, encodeProxyV2, SENT_BYTES_MAX } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('proxy/proxy-protocol/tlv')

const HOLDER = '00112233445566778899aabbccddeeff'
const NODE = 'ffeeddccbbaa99887766554433221100'
const NOTHING = new Uint8Array(0)
const TERM = { number: 2 ** 40 + 7, holder: HOLDER }
const IDENTITY = {
  id: { node: NODE, boot: 3, counter: 1_717 },
  service: 'web',
  node: 'alpha',
  term: TERM,
  sinceMs: 1_500,
}

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
  assert.equal(received(header), [TLV.uniqueId, TLV.service, TLV.node, TLV.term, TLV.since])
})

test('a name that does not fit is left out whole, and the others stay', () => {
  const types = received(proxied({ service: 's'.repeat(200), node: 'n' }, '2001:db8::1'))
  assert.equal(types, [TLV.uniqueId, TLV.node, TLV.term, TLV.since])
})

test('the less important is left out first: our own before what a proxy in front has said', () => {
  const value = new Uint8Array(10)
  const all = [0xe9, TLV.since, TLV.splice, TLV.node, TLV.service, TLV.term, TLV.alpn, TLV.uniqueId]
  const tlvs = all.map((type) => ({ type, value }))
  const kept = (bytesMax: number) => fitTlvs(tlvs, bytesMax).map((tlv) => tlv.type)
  assert.equal(kept(104), all)
  for (const [i, less] of [TLV.since, TLV.splice, TLV.node, TLV.service, TLV.term].entries()) {
    const before = kept(104 - 13 * i)
    assert.equal(
      kept(103 - 13 * i),
      before.filter((type) => type !== less),
    )
  }
  assert.equal(kept(38), [0xe9, TLV.alpn])
  assert.equal(kept(25), [0xe9])
  assert.equal(kept(12), [])
})

test('a backend is told for how long the director had directed, and not beyond what 32 bits say', () => {
  const since = (sinceMs: number) => toHex(findTlv(identityTlvs({ ...IDENTITY, sinceMs }), TLV.since) ?? NOTHING)
  assert.is(since(1_500.9), '000005dc')
  assert.is(since(-1), '00000000')
  assert.is(since(2 ** 33), 'ffffffff')
})

test('what a proxy in front has said is passed on, but for what is ours to say', () => {
  const front = [TLV.authority, TLV.ssl, 0xe5, TLV.service, TLV.node, TLV.term, TLV.since, TLV.splice].map((type) => ({
    type,
    value: utf8('theirs'),
  }))
  const own = [TLV.uniqueId, TLV.service, TLV.node, TLV.term, TLV.since]
  const tlvs = identityTlvs(IDENTITY, passedOn(front))
  assert.equal(
    tlvs.map(({ type }) => type),
    [TLV.authority, TLV.ssl, 0xe5, ...own],
  )
  assert.is(tlvText(tlvs, TLV.service), 'web')
})

test('a UNIQUE_ID of the proxy in front stays, and ours goes beside it', () => {
  const tlvs = identityTlvs(IDENTITY, [{ type: TLV.uniqueId, value: utf8('theirs') }])
  assert.equal(tlvs.filter(({ type }) => type === TLV.uniqueId).length, 1)
  assert.is(tlvText(tlvs, TLV.uniqueId), 'theirs')
  assert.is(tlvText(tlvs, TLV.splice), 'ffeeddcc-3-1717')
})

test('a UNIQUE_ID of more than 128 bytes is not sent, because HAProxy would refuse the connection', () => {
  const sized = (bytes: number) => [{ type: TLV.uniqueId, value: new Uint8Array(bytes) }]
  assert.is(fitTlvs(sized(128), 200).length, 1)
  assert.is(fitTlvs(sized(129), 200).length, 0)
})

test.run()
