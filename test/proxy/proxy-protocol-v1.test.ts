import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { Prng } from '../../src/base/prng.js'
import type { ProxyHeader } from '../../src/proxy/proxy-protocol/header.js'
import { decodeProxyV1, encodeProxyV1, LINE_BYTES_MAX } from '../../src/proxy/proxy-protocol/v1.js'
import { assert, suite } from '../harness/suite.js'
import { randomAddresses, SEED } from './random-headers.js'

const test = suite('proxy/proxy-protocol/v1')

function stream(source: [string, number], destination: [string, number]): ProxyHeader {
  const [from, to] = [source, destination].map(([address, port]) => ({ address, port }))
  if (from === undefined || to === undefined) throw new Error('two endpoints')
  return { command: 'proxy', transport: 'stream', source: from, destination: to, tlvs: [] }
}

const UNKNOWN: ProxyHeader = { command: 'proxy', transport: 'unknown', tlvs: [] }

test('lines of the specification', () => {
  const rows: [string, ProxyHeader][] = [
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
      stream(['255.255.255.255', 65_535], ['255.255.255.255', 65_535]),
    ],
    ['PROXY TCP6 2001:db8::1 ::1 0 443\r\n', stream(['2001:db8::1', 0], ['::1', 443])],
    ['PROXY UNKNOWN\r\n', UNKNOWN],
  ]
  for (const [line, header] of rows) {
    assert.equal(decodeProxyV1(utf8(`${line}GET /`)), { type: 'header', header, bytesUsed: line.length }, line)
    assert.is(fromUtf8(encodeProxyV1(header)), line)
  }
})

test('what follows UNKNOWN is ignored up to the end of the line', () => {
  const line = 'PROXY UNKNOWN ffff:f...f:ffff ffff 65535 65535\r\n'
  assert.equal(decodeProxyV1(utf8(line)), { type: 'header', header: UNKNOWN, bytesUsed: line.length })
})

test('what version 1 cannot say is UNKNOWN', () => {
  const datagram: ProxyHeader = { ...stream(['10.0.0.1', 1], ['10.0.0.2', 2]), transport: 'datagram' } as ProxyHeader
  for (const header of [datagram, { command: 'local' } as const]) {
    assert.is(fromUtf8(encodeProxyV1(header)), 'PROXY UNKNOWN\r\n')
  }
})

test('bad lines are malformed', () => {
  const lines = [
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 1 65536\r\n',
    'PROXY TCP4 10.0.0.1 10.0.0.2 01 2\r\n',
    'PROXY TCP4 10.0.0.01 10.0.0.2 1 2\r\n',
    'PROXY TCP4 ::1 ::2 1 2\r\n',
    'PROXY TCP6 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY  TCP4 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n',
    'PROXY \r\n',
    `PROXY UNKNOWN ${'x'.repeat(LINE_BYTES_MAX)}\r\n`,
  ]
  for (const line of lines) assert.is(decodeProxyV1(utf8(line)).type, 'malformed', line)
})

test('what was written is read, from every split', () => {
  const random = new Prng(SEED)
  for (let i = 0; i < 200; i++) {
    const header = { ...randomAddresses(random), transport: 'stream' as const }
    const line = encodeProxyV1(header)
    assert.ok(line.length <= LINE_BYTES_MAX)
    assert.equal(decodeProxyV1(line), { type: 'header', header, bytesUsed: line.length }, `SEED=${SEED}, line ${i}`)
    for (let length = 0; length < line.length; length++) {
      assert.is(decodeProxyV1(line.subarray(0, length)).type, 'need-more', `SEED=${SEED}, line ${i}`)
    }
  }
})

test('no bytes make it throw', () => {
  const random = new Prng(SEED)
  const alphabet = utf8('PROXY TCP46UNK0123456789.:af\r\n\u00ff')
  for (let i = 0; i < 5_000; i++) {
    const noise = random.bytes(random.below(130)).map((byte) => alphabet[byte % alphabet.length] ?? 0)
    if (random.chance(0.8)) noise.set(utf8('PROXY TCP4 ').subarray(0, noise.length))
    decodeProxyV1(noise)
  }
})

test.run()
