/** Proxies that people have in front of a director and behind it, by way of a real node: who the client is comes through to the end. */
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { startHaproxy } from '../peers/haproxy.js'
import { STREAM_MODULE, startNginx, startNginxStream } from '../peers/nginx.js'
import { freePort } from '../peers/ports.js'
import { addService, startCluster } from './fixture.js'

const test = suite('cluster/identity-chain', 60_000)
const REQUEST = 'GET / HTTP/1.0\r\nHost: any\r\n\r\n'

/** One node, and a program behind it of each kind, which answers with whom it sees. */
async function site(scope: Scope, proxyProtocol: string) {
  const fixture = await startCluster(scope, 1)
  const [address = ''] = fixture.addresses
  const [toHaproxy, toNginx] = [await freePort(address), await freePort(address)]
  await startHaproxy(scope, {
    ...{ address, port: toHaproxy, bindWords: 'accept-proxy' },
    frontend: [
      'http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst_port] %[fc_pp_unique_id]"',
    ],
  })
  await startNginx(scope, {
    ...{ address, port: toNginx, listenWords: 'proxy_protocol' },
    server: ['location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port"; }'],
  })
  const settings = ['--proxy-protocol', proxyProtocol, '--accept-proxy', '127.0.0.1/32']
  await addService(fixture, 'web', `${toHaproxy},${toNginx}`, 2, ...settings)
  const [node] = fixture.cluster.nodes
  if (node === undefined) throw new Error('no node')
  return { fixture, node, service: fixture.serviceAddress, toHaproxy, toNginx }
}

/** What the last program says to a client with a port of its own, which is told as well. */
function ask(port: number, before = '', host = '127.0.0.1'): Promise<{ from: number; answer: string }> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port })
    let [from, answer] = [0, '']
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text
    })
    socket.on('connect', () => {
      from = socket.localPort ?? 0
      socket.write(before + REQUEST)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve({ from, answer: answer.slice(answer.lastIndexOf('\n') + 1) }))
  })
}

test(
  'HAProxy in front with version 2: HAProxy and nginx behind see its client, and its UNIQUE_ID',
  async (scope) => {
    const { service, toHaproxy, toNginx, node } = await site(scope, 'v2')
    const front = async (port: number) => {
      const backend = `  server baton ${service}:${port} send-proxy-v2 proxy-v2-options crc32c,unique-id`
      const frontend = ['unique-id-format front-%ci-%cp', 'default_backend baton']
      return (await startHaproxy(scope, { mode: 'tcp', frontend, sections: ['backend baton', backend] })).port
    }
    const [first, second] = [await front(toHaproxy), await front(toNginx)]
    const seen = await ask(first)
    assert.is(seen.answer, `127.0.0.1 ${seen.from} ${first} front-127.0.0.1-${seen.from}`)
    const other = await ask(second)
    assert.is(other.answer, `127.0.0.1 ${other.from} ${second}`)
    const { introductions } = await node.client.service('web')
    // Two of them are of whoever waited for the proxies to listen.
    assert.equal({ ...introductions, ended: 0 }, { waiting: 0, taken: 4, malformed: 0, late: 0, ended: 0 })
  },
  { needs: ['haproxy', 'nginx'] },
)

test(
  'HAProxy in front with version 1, and version 1 behind',
  async (scope) => {
    const { service, toNginx } = await site(scope, 'v1')
    const backend = `  server baton ${service}:${toNginx} send-proxy`
    const { port } = await startHaproxy(scope, {
      ...{ mode: 'tcp', frontend: ['default_backend baton'], sections: ['backend baton', backend] },
    })
    const { from, answer } = await ask(port)
    assert.is(answer, `127.0.0.1 ${from} ${port}`)
  },
  { needs: ['haproxy', 'nginx'] },
)

test(
  'nginx in front: HAProxy behind sees its client, and as UNIQUE_ID the splice',
  async (scope) => {
    const { service, toHaproxy } = await site(scope, 'v2')
    const { port } = await startNginxStream(scope, [`proxy_pass ${service}:${toHaproxy};`, 'proxy_protocol on;'])
    const { from, answer } = await ask(port)
    assert.match(answer, new RegExp(`^127\\.0\\.0\\.1 ${from} ${port} [0-9a-f]{8}-\\d+-\\d+$`))
  },
  { needs: ['haproxy', 'nginx', STREAM_MODULE] },
)

test(
  'HAProxy that checks the service by itself says LOCAL, and finds it well; who says nothing is sent away',
  async (scope) => {
    const { service, toHaproxy, node, fixture } = await site(scope, 'v2')
    const backend = `  server baton ${service}:${toHaproxy} send-proxy-v2 check-send-proxy check inter 100ms`
    const sections = ['backend baton', '  option httpchk', backend]
    const { port } = await startHaproxy(scope, { mode: 'tcp', frontend: ['default_backend baton'], sections })
    const taken = async () => ((await node.client.service('web')).introductions?.taken ?? 0) >= 3
    await until(async () => ((await taken()) ? true : undefined), 10_000, 'three checks were taken')
    assert.match((await ask(port)).answer, /^127\.0\.0\.1 /)
    const refused = await ask(toHaproxy, '', service).then(
      ({ answer }) => answer,
      (error: { code?: string }) => error.code,
    )
    assert.is(refused, 'ECONNRESET')
    const { stdout } = await fixture.cluster.baton(node, 'service', 'show', 'web')
    assert.match(
      stdout.replaceAll(/\s+/g, ' '),
      /proxies those in 127\.0\.0\.1\/32 say for whom they come \(.*1 said something else/,
    )
  },
  { needs: ['haproxy', 'nginx'] },
)

test.run()
