/** Programs that people run behind a director: each is told of a client by every form of header, and says whom it sees. */
import { once } from 'node:events'
import net from 'node:net'

import type { Endpoint } from '../../src/base/address.js'
import { utf8 } from '../../src/base/bytes.js'
import { until } from '../../src/lab/wait.io.js'
import type { ProxyHeader } from '../../src/proxy/proxy-protocol/header.js'
import { identityTlvs, TLV, type Tlv } from '../../src/proxy/proxy-protocol/tlv.js'
import { encodeProxyV1 } from '../../src/proxy/proxy-protocol/v1.js'
import { encodeProxyV2, SENT_BYTES_MAX } from '../../src/proxy/proxy-protocol/v2.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { startApache } from '../peers/apache.js'
import { startDovecot } from '../peers/dovecot.js'
import { startHaproxy } from '../peers/haproxy.js'
import { startMariadb } from '../peers/mariadb.js'
import { startNginx } from '../peers/nginx.js'

const test = suite('proxy/proxy-protocol, receivers', 60_000)

const NODE = '00112233445566778899aabbccddeeff'
const IDENTITY = {
  id: { node: NODE, boot: 3, counter: 9 },
  service: 'web',
  node: 'alpha',
  term: { number: 5, holder: NODE },
}
const OURS = identityTlvs({ ...IDENTITY, sinceMs: 100 })
/** As a TLS front sends them; together with ours they fill a header to its last byte. */
const FRONT: readonly Tlv[] = [
  { type: TLV.authority, value: utf8('shop.example') },
  { type: TLV.ssl, value: Uint8Array.of(1, 0, 0, 0, 0, 0x21, 0, 7, ...utf8('TLSv1.3')) },
]
const FILLED: readonly Tlv[] = [...FRONT, ...OURS, { type: 0xef, value: new Uint8Array(SENT_BYTES_MAX) }]
const CLIENTS: readonly [version: string, source: Endpoint, destination: Endpoint][] = [
  ['IPv4', { address: '192.0.2.1', port: 54_321 }, { address: '198.51.100.2', port: 443 }],
  ['IPv6', { address: '2001:db8::1', port: 54_321 }, { address: '2001:db8::2', port: 443 }],
]
const FORMS: readonly [form: string, encode: (header: ProxyHeader & { readonly command: 'proxy' }) => Uint8Array][] = [
  ['version 1', (header) => encodeProxyV1(header)],
  ['version 2', (header) => encodeProxyV2({ ...header, tlvs: [] })],
  ['version 2 with our TLVs', (header) => encodeProxyV2({ ...header, tlvs: OURS })],
  ['version 2 with those of a proxy in front', (header) => encodeProxyV2({ ...header, tlvs: [...FRONT, ...OURS] })],
  ['version 2, as long as it gets', (header) => filled(header)],
]

/** The last TLV takes what is left. */
function filled(header: ProxyHeader & { readonly command: 'proxy' }): Uint8Array {
  const without = encodeProxyV2({ ...header, tlvs: FILLED.slice(0, -1) })
  const value = new Uint8Array(Math.max(0, SENT_BYTES_MAX - without.byteLength - 3))
  const bytes = encodeProxyV2({ ...header, tlvs: [...FILLED.slice(0, -1), { type: 0xef, value }] })
  assert.is(bytes.byteLength, SENT_BYTES_MAX)
  return bytes
}

interface Receiver extends Endpoint {
  /** After the header. */
  readonly request: string
  /** What it says of its client, in what it answers or logs. */
  readonly seen: (answer: string, source: Endpoint) => boolean | Promise<boolean>
}

const RECEIVERS: readonly [name: string, needs: string, start: (scope: Scope) => Promise<Receiver>][] = [
  [
    'HAProxy',
    'haproxy',
    async (scope) => {
      const lines = ['http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"']
      const server = await startHaproxy(scope, { bindWords: 'accept-proxy', frontend: lines })
      return overHttp(server)
    },
  ],
  [
    'nginx',
    'nginx',
    async (scope) => {
      const words = [
        'set_real_ip_from 127.0.0.0/8;',
        'real_ip_header proxy_protocol;',
        'location / { return 200 "$remote_addr $remote_port"; }',
      ]
      return overHttp(await startNginx(scope, { listenWords: 'proxy_protocol', server: words }))
    },
  ],
  [
    'Apache (mod_remoteip)',
    'apache2',
    async (scope) => {
      const server = await startApache(scope, [
        'RemoteIPProxyProtocol On',
        'ErrorDocument 404 "%{REMOTE_ADDR} %{REMOTE_PORT}"',
      ])
      return { ...overHttp(server), seen: (answer, { address }) => answer.includes(`\r\n\r\n${address} `) }
    },
  ],
  [
    'MariaDB',
    'mariadbd',
    async (scope) => {
      const server = await startMariadb(scope, '--proxy-protocol-networks=127.0.0.0/8')
      const seen = (answer: string, { address }: Endpoint) => answer.includes(`Host '${address}' is not allowed`)
      return { ...server, request: '', seen }
    },
  ],
  [
    'Dovecot',
    'dovecot',
    async (scope) => {
      const server = await startDovecot(scope, '127.0.0.0/8')
      const logged = ({ address }: Endpoint) => server.output().includes(`rip=${address},`)
      const seen = (_: string, source: Endpoint) =>
        until(() => (logged(source) ? true : undefined), 5_000, `it logs ${source.address}`)
      return { ...server, request: 'a logout\r\n', seen }
    },
  ],
]

function overHttp({ address, port }: Endpoint): Receiver {
  const seen = (answer: string, source: Endpoint) => answer.includes(`\r\n\r\n${source.address} ${source.port}`)
  return { address, port, request: 'GET / HTTP/1.0\r\nHost: any\r\n\r\n', seen }
}

for (const [name, needs, start] of RECEIVERS) {
  test(
    `${name} sees the client by every form of header`,
    async (scope) => {
      const receiver = await start(scope)
      let host = 1
      for (const [form, encode] of FORMS) {
        for (const [family, source, destination] of CLIENTS) {
          // Each its own: what was logged of one is not taken for another's.
          const client = { ...source, address: source.address.replace(/1$/, `${++host}`) }
          const header = encode({ command: 'proxy', transport: 'stream', source: client, destination, tlvs: [] })
          const answer = await ask(scope, receiver, header)
          assert.ok(await receiver.seen(answer, client), `${form}, ${family}, ${client.address}: ${answer}`)
        }
      }
    },
    { needs: [needs], root: needs === 'dovecot' },
  )
}

/** All that comes back until the program or its patience ends. */
async function ask(scope: Scope, { address, port, request }: Receiver, header: Uint8Array): Promise<string> {
  const socket = net.connect({ host: address, port })
  scope.defer(() => void socket.destroy())
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.write(Buffer.concat([header, utf8(request)]))
  await once(socket, 'close')
  return answer
}

test.run()
