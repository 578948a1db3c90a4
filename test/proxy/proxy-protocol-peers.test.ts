/** Real receivers read our headers, and we read those of a real sender. */
import { once } from 'node:events'
import net from 'node:net'

import { type Endpoint, formatEndpoint } from '../../src/base/address.js'
import { utf8 } from '../../src/base/bytes.js'
import type { DecodedHeader, ProxyHeader } from '../../src/proxy/proxy-protocol/header.js'
import { identityTlvs, TLV, tlvText } from '../../src/proxy/proxy-protocol/tlv.js'
import { encodeProxyV1 } from '../../src/proxy/proxy-protocol/v1.js'
import { decodeProxyV2, encodeProxyV2 } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { startHaproxy } from '../peers/haproxy.js'
import { startNginx } from '../peers/nginx.js'

const test = suite('proxy/proxy-protocol against real programs', 10_000)

const REQUEST = utf8('GET / HTTP/1.0\r\nHost: any\r\n\r\n')
const NODE = '00112233445566778899aabbccddeeff'
const TLVS = identityTlvs({
  id: { node: NODE, boot: 3, counter: 1_717 },
  service: 'web',
  node: 'alpha',
  term: { number: 5, holder: NODE },
  sinceMs: 0,
})
const V4 = { source: { address: '192.0.2.1', port: 54_321 }, destination: { address: '198.51.100.2', port: 443 } }
const V6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 65_535 } }

function proxied(addresses: { source: Endpoint; destination: Endpoint }): ProxyHeader {
  return { command: 'proxy', transport: 'stream', ...addresses, tlvs: TLVS }
}

/** All that comes back, '' where the connection is closed without a word. */
function ask(scope: Scope, to: Endpoint, ...chunks: readonly Uint8Array[]): Promise<string> {
  const socket = net.connect({ host: to.address, port: to.port })
  scope.defer(() => void socket.destroy())
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString()
  })
  // A receiver that refuses may send RST: that is an answer too, the empty one.
  socket.on('error', () => {})
  socket.write(Buffer.concat(chunks))
  return new Promise((resolve) => {
    socket.once('close', () => resolve(answer.slice(answer.lastIndexOf('\r\n') + 1).trim()))
  })
}

const HAPROXY = {
  bindWords: 'accept-proxy',
  frontend: [
    'http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port] %[fc_pp_unique_id]"',
  ],
}

test(
  'HAProxy takes addresses, UNIQUE_ID and checksum',
  async (scope) => {
    const haproxy = await startHaproxy(scope, HAPROXY)
    const seen = (addresses: typeof V4) => ask(scope, haproxy, encodeProxyV2(proxied(addresses)), REQUEST)
    assert.is(await seen(V4), '192.0.2.1 54321 198.51.100.2 443 00112233-3-1717')
    assert.is(await seen(V6), '2001:db8::1 1 2001:db8::2 65535 00112233-3-1717')
  },
  { needs: ['haproxy'] },
)

test(
  'HAProxy refuses a header whose checksum does not fit',
  async (scope) => {
    const haproxy = await startHaproxy(scope, HAPROXY)
    const header = encodeProxyV2(proxied(V4))
    header[20] = (header[20] ?? 0) ^ 1
    assert.is(await ask(scope, haproxy, header, REQUEST), '')
  },
  { needs: ['haproxy'] },
)

test(
  'HAProxy takes LOCAL and version 1',
  async (scope) => {
    const haproxy = await startHaproxy(scope, HAPROXY)
    assert.match(
      await ask(scope, haproxy, encodeProxyV2({ command: 'local' }), REQUEST),
      /^127\.0\.0\.1 \d+ 127\.0\.0\.1/,
    )
    const line = encodeProxyV1(proxied(V4))
    assert.match(await ask(scope, haproxy, line, REQUEST), /^192\.0\.2\.1 54321 198\.51\.100\.2 443/)
  },
  { needs: ['haproxy'] },
)

test(
  'nginx takes the addresses and skips the TLVs',
  async (scope) => {
    const nginx = await startNginx(scope, {
      listenWords: 'proxy_protocol',
      server: [
        'location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"; }',
      ],
    })
    const seen = (header: Uint8Array) => ask(scope, nginx, header, REQUEST)
    assert.is(await seen(encodeProxyV2(proxied(V4))), '192.0.2.1 54321 198.51.100.2 443')
    assert.is(await seen(encodeProxyV2(proxied(V6))), '2001:db8::1 1 2001:db8::2 65535')
    assert.is(await seen(encodeProxyV1(proxied(V4))), '192.0.2.1 54321 198.51.100.2 443')
  },
  { needs: ['nginx'] },
)

test(
  'we read what HAProxy sends, with its checksum and UNIQUE_ID',
  async (scope) => {
    const backend = net.createServer(answerHeader).listen(0, '127.0.0.1')
    await once(backend, 'listening')
    scope.defer(() => void backend.close())
    const { port } = backend.address() as net.AddressInfo
    const options = 'send-proxy-v2 proxy-v2-options crc32c,unique-id'
    const haproxy = await startHaproxy(scope, {
      mode: 'tcp',
      frontend: ['unique-id-format %ci-%cp', 'default_backend ours'],
      sections: ['backend ours', `  server ours 127.0.0.1:${port} ${options}`],
    })
    assert.match(
      await ask(scope, haproxy, utf8('any')),
      new RegExp(`^from 127.0.0.1:(\\d+) to 127.0.0.1:${haproxy.port} as 127.0.0.1-\\1$`),
    )
  },
  { needs: ['haproxy'] },
)

/** A backend that answers with what it read of the header, in words. */
function answerHeader(socket: net.Socket): void {
  let received = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
    const decoded = decodeProxyV2(received)
    if (decoded.type !== 'need-more') socket.end(inWords(decoded))
  })
}

function inWords(decoded: DecodedHeader): string {
  if (decoded.type !== 'header' || decoded.header.source === undefined) return JSON.stringify(decoded)
  const { source, destination, tlvs } = decoded.header
  return `from ${formatEndpoint(source)} to ${formatEndpoint(destination)} as ${tlvText(tlvs, TLV.uniqueId)}`
}

test.run()
