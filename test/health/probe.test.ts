/** Checks against real programs and against ones that behave badly. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { probe } from '../../src/health/probe.io.js'
import { checkProgram } from '../../src/node/programs/program-check.io.js'
import { SERVICE_DEFAULTS, type Service } from '../../src/proxy/service.js'
import { CHECK_DEFAULTS, type CheckSettings } from '../../src/proxy/service-check.js'
import type { ProxyProtocol } from '../../src/proxy/service-identity.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { startHaproxy } from '../peers/haproxy.js'
import { startNginx } from '../peers/nginx.js'
import { startRedis } from '../peers/redis.js'
import { tempDir } from '../peers/temp-dir.js'

const test = suite('health/probe', 15_000)
const HOST = '127.0.0.1'

async function said(
  port: number,
  settings: Partial<CheckSettings>,
  proxyProtocol: ProxyProtocol = 'off',
): Promise<string> {
  const at = { address: HOST, port }
  const { isGood, words } = await probe({
    at,
    settings: { ...CHECK_DEFAULTS, ...settings },
    proxyProtocol,
    host: `${HOST}:${port}`,
  })
  return `${isGood ? 'good' : 'bad'}: ${words}`
}

async function listen(scope: Scope, onConnection: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => {}))
    onConnection(socket)
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  scope.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const bound = server.address()
  return bound !== null && typeof bound === 'object' ? bound.port : 0
}

test('a listener accepts, nobody refuses, and silence ends with the limit', async (scope) => {
  const port = await listen(scope, () => {})
  assert.is(await said(port, { check: 'tcp' }), `good: 127.0.0.1:${port} accepted a connection`)
  assert.match(await said(1, { check: 'tcp' }), 'bad: 127.0.0.1:1: ECONNREFUSED')
  const begun = Date.now()
  assert.is(await said(port, { check: 'http', checkTimeoutMs: 300 }), 'bad: no answer within 300 ms')
  assert.is(await said(port, { check: 'send', checkSend: 'x', checkTimeoutMs: 300 }), 'bad: no answer within 300 ms')
  assert.is(await said(port, { check: 'tls', checkTimeoutMs: 300 }), 'bad: no end of the TLS handshake within 300 ms')
  assert.ok(Date.now() - begun < 2_500)
})

test('an answer without end, and one that ends at once, are bad; no memory is filled with them', async (scope) => {
  const endless = await listen(scope, (socket) => {
    const pour = () => {
      while (socket.writable && socket.write(Buffer.alloc(65_536, 'x')));
    }
    socket.on('drain', pour)
    pour()
  })
  assert.match(
    await said(endless, { check: 'send', checkExpect: 'never' }),
    /^bad: answered 'x{60}…', expected 'never'/,
  )
  const ending = await listen(scope, (socket) => socket.end())
  assert.is(await said(ending, { check: 'http' }), 'bad: the connection ended without an answer')
  const resetting = await listen(scope, (socket) => socket.resetAndDestroy())
  assert.match(await said(resetting, { check: 'send' }), /^bad: .*(ECONNRESET|ended)/)
})

test(
  'Redis answers PONG',
  async (scope) => {
    const { port } = await startRedis(scope)
    assert.is(
      await said(port, { check: 'send', checkSend: 'PING\\r\\n', checkExpect: '+PONG' }),
      "good: answered '+PONG'",
    )
    assert.match(
      await said(port, { check: 'send', checkSend: 'NONE\\r\\n', checkExpect: '+PONG' }),
      /^bad: answered '-ERR/,
    )
  },
  { needs: ['redis-server'] },
)

test(
  'nginx by its status; HAProxy and nginx that expect a PROXY header are told LOCAL, and answer',
  async (scope) => {
    const plain = await startNginx(scope, { server: ['location = /up { return 204; }', 'location / { return 503; }'] })
    assert.is(await said(plain.port, { check: 'http', checkPath: '/up' }), 'good: answered HTTP/1.1 204 No Content')
    assert.match(
      await said(plain.port, { check: 'http' }),
      'bad: answered HTTP/1.1 503 Service Temporarily Unavailable, expected 200-399',
    )
    const proxied = await startNginx(scope, {
      listenWords: 'proxy_protocol',
      server: ['return 200 "from $remote_addr";'],
    })
    assert.match(await said(proxied.port, { check: 'http', checkExpect: 'from 127.0.0.1' }, 'v2'), /^good/)
    assert.match(await said(proxied.port, { check: 'http', checkExpect: 'from 127.0.0.1' }, 'v1'), /^good/)
    assert.match(await said(proxied.port, { check: 'http' }), /^bad/)
    const frontend = ['http-request return status 200 content-type text/plain string "ready"']
    const haproxy = await startHaproxy(scope, { bindWords: 'accept-proxy', frontend })
    assert.match(await said(haproxy.port, { check: 'http', checkExpect: 'ready' }, 'v2'), /^good/)
    assert.match(await said(haproxy.port, { check: 'http', checkExpect: 'ready' }, 'v1'), /^good/)
    assert.match(await said(haproxy.port, { check: 'http' }), /^bad/)
  },
  { needs: ['nginx', 'haproxy'] },
)

test(
  'a TLS handshake, and none',
  async (scope) => {
    const folder = await tempDir(scope, 'tls')
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name))
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/CN=any',
    ]
    execFileSync('openssl', [...made, '-keyout', key ?? '', '-out', cert ?? ''], { stdio: 'ignore' })
    const secure = await startNginx(scope, {
      listenWords: 'ssl',
      server: [`ssl_certificate ${cert};`, `ssl_certificate_key ${key};`, 'return 204;'],
    })
    assert.match(await said(secure.port, { check: 'tls' }), /^good: TLSv1\.[23] with /)
    const plain = await startNginx(scope, { server: ['return 204;'] })
    assert.match(await said(plain.port, { check: 'tls' }), /^bad: TLS: /)
  },
  { needs: ['nginx', 'openssl'] },
)

test('a command: its exit code decides; one that hangs, floods, or is none, is bad in time', async (scope) => {
  const folder = await tempDir(scope, 'command')
  const run = async (script: string, mode = 0o755) => {
    const file = path.join(folder, 'check')
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, mode)
    const service: Service = {
      ...SERVICE_DEFAULTS,
      ...{ name: 'web', address: HOST, ports: [{ first: 80, last: 80 }] },
      ...{ check: 'command', checkCommand: file, checkTimeoutMs: 1_000 },
    }
    const begun = Date.now()
    const { isGood, words } = await checkProgram({ service, port: 0, at: { address: '10.0.0.1', port: 80 } })
    assert.ok(Date.now() - begun < 3_000)
    return `${isGood ? 'good' : 'bad'}: ${words.replaceAll(file, 'FILE')}`
  }
  assert.is(await run('test "$1 $2 $BATON_ADDRESS:$BATON_PORT" = "check web 10.0.0.1:80"'), 'good: FILE exited with 0')
  assert.is(await run('echo no disk >&2; exit 1'), 'bad: hook FILE check exited with 1: no disk')
  assert.is(
    await run('head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2; echo full >&2; exit 3').then((text) =>
      text.slice(0, 37),
    ),
    'bad: hook FILE check exited with 3: \0'.slice(0, 37),
  )
  assert.is(await run('sleep 60'), 'bad: hook FILE check did not end within 1 s')
  assert.is(await run('exit 0', 0o644), 'bad: hook FILE check cannot be run (EACCES)')
})

test.run()
