import { utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import type { ProxyHeader } from '../../src/proxy/proxy-protocol/header.js'
import { HeaderReader, type ReadHeader } from '../../src/proxy/proxy-protocol/header-reader.js'
import { encodeProxyV1 } from '../../src/proxy/proxy-protocol/v1.js'
import { encodeProxyV2, RECEIVED_BYTES_MAX } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, suite } from '../harness/suite.js'
import { randomHeader, SEED } from './random-headers.js'

const test = suite('proxy/proxy-protocol/header-reader', 20_000)

const BODY = utf8('GET / HTTP/1.0\r\n\r\n')
const HEADERS: readonly ProxyHeader[] = [
  { command: 'local' },
  { command: 'proxy', transport: 'unknown', tlvs: [] },
  {
    command: 'proxy',
    transport: 'stream',
    source: { address: '192.0.2.1', port: 54_321 },
    destination: { address: '198.51.100.2', port: 443 },
    tlvs: [{ type: 0xe7, value: utf8('any') }],
  },
  {
    command: 'proxy',
    transport: 'stream',
    source: { address: '2001:db8::1', port: 0 },
    destination: { address: '2001:db8::2', port: 65_535 },
    tlvs: [],
  },
]
const ENCODERS = [encodeProxyV1, (header: ProxyHeader) => encodeProxyV2(header)]

/** The answer to bytes that come in these pieces. */
function read(pieces: readonly Uint8Array[]): { answer: ReadHeader; pushed: number } {
  const reader = new HeaderReader()
  let answer: ReadHeader = { type: 'more' }
  let pushed = 0
  for (const piece of pieces) {
    const chunk = piece.slice()
    answer = reader.push(chunk)
    // Whoever pushed it reads the next into it.
    chunk.fill(0xdd)
    pushed += piece.byteLength
    if (answer.type !== 'more') break
  }
  return { answer, pushed }
}

for (const [version, encode] of ENCODERS.entries()) {
  test(`a header of version ${version + 1} is the same whichever way it is cut, and what follows it is left`, () => {
    for (const header of HEADERS) {
      const bytes = encode(header)
      const whole = Uint8Array.from([...bytes, ...BODY])
      const { answer: expected } = read([whole])
      assert.is(expected.type, 'header')
      if (expected.type !== 'header') return
      assert.is(expected.bytes, bytes.byteLength)
      assert.equal([...expected.rest], [...BODY])
      for (let cut = 0; cut <= whole.byteLength; cut++) {
        const { answer, pushed } = read([whole.subarray(0, cut), whole.subarray(cut)])
        if (answer.type !== 'header') throw new Error(`cut at ${cut}: ${answer.type}`)
        assert.equal(answer.header, expected.header, `cut at ${cut}`)
        assert.equal([...answer.rest], [...whole.subarray(bytes.byteLength, pushed)], `cut at ${cut}`)
      }
      const { answer, pushed } = read([...whole].map((byte) => Uint8Array.of(byte)))
      if (answer.type !== 'header') throw new Error(answer.type)
      assert.equal([pushed, answer.header, answer.rest.byteLength], [bytes.byteLength, expected.header, 0])
    }
  })
}

test('a header that is not whole is waited for, and is the same in the process that goes on with it', () => {
  for (const header of HEADERS) {
    for (const encode of ENCODERS) {
      const bytes = encode(header)
      const { answer: expected } = read([bytes])
      for (let cut = 1; cut < bytes.byteLength; cut++) {
        const first = new HeaderReader()
        assert.is(first.push(bytes.subarray(0, cut)).type, 'more', `cut at ${cut} of ${bytes.byteLength}`)
        assert.equal(new HeaderReader(first.bytes.slice()).push(bytes.subarray(cut)), expected)
      }
    }
  }
})

test('what is no header is refused at its first wrong byte, and a header that does not end at its limit', () => {
  const refused = (bytes: Uint8Array) => {
    const { answer, pushed } = read([...bytes].map((byte) => Uint8Array.of(byte)))
    return answer.type === 'malformed' ? pushed : answer.type
  }
  assert.is(refused(BODY), 1)
  assert.is(refused(utf8('PROXX')), 5)
  assert.is(refused(utf8(`PROXY TCP4 ${'1'.repeat(200)}`)), 107)
  assert.is(refused(utf8('PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n')), 36)
  const endless = new Uint8Array(RECEIVED_BYTES_MAX)
  endless.set(encodeProxyV2({ command: 'local' }))
  endless.fill(0xff, 14, 16)
  assert.is(refused(endless), 16)
})

test('random headers in random pieces read as they were, and changed ones never throw', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 3_000; i++) {
    const bytes = encodeProxyV2(randomHeader(random))
    const pieces: Uint8Array[] = []
    for (let at = 0; at < bytes.byteLength; ) {
      const length = 1 + random.below(40)
      pieces.push(bytes.subarray(at, at + length))
      at += length
    }
    assert.equal(read(pieces).answer, read([bytes]).answer, `SEED=${SEED}`)
    for (let n = random.below(4); n >= 0; n--) bytes[random.below(bytes.byteLength)] = random.u32()
    assert.equal(read(pieces).answer.type === 'malformed', read([bytes]).answer.type === 'malformed')
  }
})

test.run()
