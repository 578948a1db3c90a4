import { fromHex, toHex, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import type { ProxyHeader } from '../../src/proxy/proxy-protocol/header.js'
import { findTlv, TLV } from '../../src/proxy/proxy-protocol/tlv.js'
import { decodeProxyV2, encodeProxyV2, SENT_BYTES_MAX } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, suite } from '../harness/suite.js'
import { randomHeader, SEED } from './random-headers.js'

const test = suite('proxy/proxy-protocol/v2')

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const INET = `${SIGNATURE}2111000c c0000201 c6336402 d431 01bb`

/** Written by hand from section 2.2 of the specification. */
const TCP4: ProxyHeader = {
  command: 'proxy',
  transport: 'stream',
  source: { address: '192.0.2.1', port: 54_321 },
  destination: { address: '198.51.100.2', port: 443 },
  tlvs: [],
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.replaceAll(' ', ''))
}

function decoded(hex: string): ProxyHeader {
  const answer = decodeProxyV2(bytesOf(hex))
  if (answer.type !== 'header') throw new Error(`${answer.type}: ${'why' in answer ? answer.why : ''}`)
  return answer.header
}

function whyMalformed(hex: string): string {
  const answer = decodeProxyV2(bytesOf(hex))
  return answer.type === 'malformed' ? answer.why : `not malformed but ${answer.type}`
}

test('reads vectors made by hand', () => {
  assert.equal(decoded(INET), TCP4)
  assert.equal(
    decoded(`${SIGNATURE}21220024 20010db8000000000000000000000001 20010db8000000000000000000000002 0001 ffff`),
    {
      command: 'proxy',
      transport: 'datagram',
      source: { address: '2001:db8::1', port: 1 },
      destination: { address: '2001:db8::2', port: 65_535 },
      tlvs: [],
    },
  )
})

test('bytes behind the header are not the header', () => {
  const answer = decodeProxyV2(bytesOf(`${INET} 474554202f`))
  assert.is(answer.type === 'header' && answer.bytesUsed, 28)
})

test('writes the addresses, then CRC32C, then the TLVs', () => {
  const header = encodeProxyV2({ ...TCP4, tlvs: [{ type: TLV.uniqueId, value: utf8('abc') }] })
  assert.is(toHex(header), `${SIGNATURE}21110019c0000201c6336402d43101bb0300040d5cda65050003616263`)
})

test('LOCAL says nothing, and whatever it carries is skipped', () => {
  assert.is(toHex(encodeProxyV2({ command: 'local' })), `${SIGNATURE}20000000`)
  for (const block of ['00 0000', '11 0003 ffffff', '99 0002 0300']) {
    assert.equal(decoded(`${SIGNATURE}20 ${block}`), { command: 'local' }, block)
  }
})

test('AF_UNSPEC and UNIX sockets are accepted, without addresses', () => {
  assert.equal(decoded(`${SIGNATURE}21000000`), { command: 'proxy', transport: 'unknown', tlvs: [] })
  assert.equal(decoded(`${SIGNATURE}213100dc ${'2f'.repeat(216)} e3000141`), {
    command: 'proxy',
    transport: 'unknown',
    tlvs: [{ type: 0xe3, value: utf8('A') }],
  })
})

test('keeps TLVs that it does not know, in order, and drops NOOP', () => {
  const header = decoded(`${SIGNATURE}21110018 c0000201 c6336402 d431 01bb  f00000 0400020000 e90001 07`)
  assert.equal(header.command === 'proxy' && header.tlvs, [
    { type: 0xf0, value: new Uint8Array(0) },
    { type: 0xe9, value: Uint8Array.of(7) },
  ])
})

test('says what is wrong with a damaged header', () => {
  const addresses = 'c0000201 c6336402 d431 01bb'
  const rows: [string, RegExp][] = [
    ['474554', /byte 0 is not the signature's/],
    ['0d0a0d0a000d0a51554954 00', /byte 11 is not the signature's/],
    [`${SIGNATURE}31110000`, /version 3/],
    [`${SIGNATURE}22110000`, /command 2/],
    [`${SIGNATURE}21410000`, /family and transport 65/],
    [`${SIGNATURE}21100000`, /family and transport 16/],
    [`${SIGNATURE}2111000b c0000201 c6336402 d431 01`, /11 bytes where addresses take 12/],
    [`${SIGNATURE}21110ff1`, /header of 4097 bytes exceeds 4096/],
    [`${SIGNATURE}2111000e ${addresses} e000`, /TLV 224 at byte 28 goes past the end/],
    [`${SIGNATURE}21110010 ${addresses} e0000200`, /TLV 224 at byte 28 goes past the end/],
    [`${SIGNATURE}21110090 ${addresses} 050081 ${'00'.repeat(129)}`, /UNIQUE_ID of 129 bytes/],
    [`${SIGNATURE}21110013 ${addresses} 030004 00000000`, /CRC32C does not fit/],
    [`${SIGNATURE}21110012 ${addresses} 030003 000000`, /CRC32C does not fit/],
  ]
  for (const [hex, why] of rows) assert.match(whyMalformed(hex), why, hex)
})

test('the longest header that is accepted has 4096 bytes', () => {
  const valueBytes = 4_096 - 16 - 12 - 3
  const header = decoded(
    `${SIGNATURE}21110ff0 c0000201 c6336402 d431 01bb e0${valueBytes.toString(16).padStart(4, '0')}${'00'.repeat(valueBytes)}`,
  )
  assert.is(header.command === 'proxy' && findTlv(header.tlvs, TLV.service)?.length, valueBytes)
})

test('two families in one header are written as IPv6', () => {
  const mixed: ProxyHeader = { ...TCP4, destination: { address: '2001:db8::2', port: 80 } }
  const header = encodeProxyV2(mixed)
  assert.is(header[13], 0x21)
  assert.equal(decoded(toHex(header)), mixed)
})

test('what was written is read', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 2_000; i++) {
    const header = randomHeader(random)
    const bytes = encodeProxyV2(header)
    assert.ok(bytes.length <= SENT_BYTES_MAX)
    assert.equal(decodeProxyV2(bytes), { type: 'header', header, bytesUsed: bytes.length }, `SEED=${SEED}, header ${i}`)
  }
})

test('every beginning of a header asks for more, and the last wish is exact', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 100; i++) {
    const bytes = encodeProxyV2(randomHeader(random))
    for (let length = 0; length < bytes.length; length++) {
      const answer = decodeProxyV2(bytes.subarray(0, length))
      const missing = (length < 16 ? 16 : bytes.length) - length
      assert.equal(answer, { type: 'need-more', bytesMissing: missing }, `SEED=${SEED}, header ${i}, ${length} bytes`)
    }
  }
})

test('one flipped bit is never read as the same header', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 500; i++) {
    const header: ProxyHeader = { ...TCP4, tlvs: [{ type: TLV.uniqueId, value: random.bytes(20) }] }
    const bytes = encodeProxyV2(header)
    const bit = random.below(bytes.length * 8)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const answer = decodeProxyV2(bytes)
    // The bit that makes it LOCAL lets the whole block be skipped; one in CRC32C's type hides the checksum.
    if (answer.type === 'header' && answer.header.command !== 'local')
      assert.is(bit >> 3, 28, `SEED=${SEED}, bit ${bit}`)
  }
})

test('no bytes make it throw', () => {
  const random = new Prng(SEED)
  const start = bytesOf(SIGNATURE)
  for (let i = 0; i < 5_000; i++) {
    const noise = random.bytes(random.below(300))
    if (random.chance(0.9)) noise.set(start.subarray(0, noise.length))
    if (random.chance(0.8) && noise.length > 15) {
      noise.set([0x21, [0x00, 0x11, 0x12, 0x21, 0x22, 0x31][random.below(6)] ?? 0, 0, random.below(256)], 12)
    }
    const answer = decodeProxyV2(noise)
    if (answer.type === 'header') assert.ok(answer.bytesUsed <= noise.length, `SEED=${SEED}`)
  }
})

test.run()
