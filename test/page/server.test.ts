/** What the page's server answers, and what it does not. */
import http from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../src/lab/wait.io.js'
import { isOwnName, PageServer } from '../../src/page/server.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { overview } from './sample.js'

const test = suite('page/server', 15_000)

async function serve(
  scope: Scope,
  source = { overview: async () => overview(), metrics: async () => 'baton_lanes 2\n' },
) {
  const server = await PageServer.open({ at: { address: '127.0.0.1', port: 0 }, source, names: ['birch'] })
  scope.defer(() => server.close())
  return { server, port: server.port }
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

function ask(port: number, path: string, options: http.RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() })
      })
    })
    request.on('error', reject)
    request.end()
  })
}

test('the page, its parts, and the metrics', async (scope) => {
  const { port } = await serve(scope)
  for (const [path, type, word] of [
    ['/', 'text/html', '<!doctype html>'],
    ['/?x=1', 'text/html', '<!doctype html>'],
    ['/part', 'text/html', '<header>'],
    ['/page.css', 'text/css', 'color-scheme'],
    ['/page.js', 'text/javascript', 'EventSource'],
    ['/overview.json', 'application/json', '"services"'],
    ['/metrics', 'text/plain; version=0.0.4', 'baton_lanes 2'],
  ] as const) {
    const { status, headers, body } = await ask(port, path)
    assert.equal([status, headers['content-type']?.startsWith(type), body.includes(word)], [200, true, true], path)
    assert.match(String(headers['content-security-policy']), "default-src 'none'")
    assert.match(String(headers['content-security-policy']), "frame-ancestors 'none'")
    assert.is(headers['x-frame-options'], 'DENY')
    assert.is(headers['access-control-allow-origin'], undefined)
    const head = await ask(port, path, { method: 'HEAD' })
    assert.equal([head.status, head.body, head.headers['content-length']], [200, '', headers['content-length']])
  }
})

test('it is only read, and nothing else is there', async (scope) => {
  const { port } = await serve(scope)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
    const { status, headers } = await ask(port, '/', { method })
    assert.equal([status, headers.allow], [405, 'GET, HEAD'], method)
  }
  for (const path of ['/v1/status', '/../etc/passwd', '/page.css/', '//', '/%2e%2e'])
    assert.is((await ask(port, path)).status, 404, path)
})

test('a name that others may have resolved to this host is refused', async (scope) => {
  const { port } = await serve(scope)
  for (const host of ['127.0.0.1', '127.0.0.1:7480', '[::1]:7480', 'localhost:1', 'BIRCH:7480', '10.0.0.1'])
    assert.is((await ask(port, '/', { headers: { host } })).status, 200, host)
  for (const host of [
    'evil.example',
    'evil.example:7480',
    'birch.evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil',
  ])
    assert.is((await ask(port, '/', { headers: { host } })).status, 421, host)
  assert.equal([isOwnName(undefined, []), isOwnName('', [])], [false, false])
})

test('a stream has the page at once and again, and only so many have one, fewer of one address', async (scope) => {
  const { port } = await serve(scope)
  const streams: http.ClientRequest[] = []
  scope.defer(() => {
    for (const stream of streams) stream.destroy()
  })
  const heard: string[] = []
  const open = (localAddress: string) =>
    new Promise<number>((resolve) => {
      const request = http.get({ host: '127.0.0.1', port, path: '/live', localAddress, agent: false }, (response) => {
        resolve(response.statusCode ?? 0)
        response.on('data', (chunk: Buffer) => heard.push(chunk.toString()))
        response.on('error', () => {})
      })
      request.on('error', () => {})
      streams.push(request)
    })
  for (let i = 0; i < 8; i++) assert.is(await open('127.0.0.2'), 200)
  assert.is(await open('127.0.0.2'), 503)
  for (let i = 0; i < 8; i++) assert.is(await open('127.0.0.3'), 200)
  assert.is(await open('127.0.0.4'), 503)
  await until(() => (heard.join('').includes('data: "<header>') ? true : undefined), 2_000, 'the page')
  for (const stream of streams) stream.destroy()
  await until(async () => ((await open('127.0.0.2')) === 200 ? true : undefined), 2_000, 'there is room again')
})

test('a node that cannot answer says so, and the next request is answered', async (scope) => {
  let fails = true
  const source = {
    overview: async () => {
      if (fails) throw new Error('the data plane did not answer within 2000 ms')
      return overview()
    },
    metrics: async () => '',
  }
  const { port } = await serve(scope, source)
  const { status, body } = await ask(port, '/')
  assert.equal([status, body], [503, 'the data plane did not answer within 2000 ms\n'])
  fails = false
  assert.is((await ask(port, '/')).status, 200)
})

test('more connections than it takes, and headers without end, harm nobody', async (scope) => {
  const { port } = await serve(scope)
  const sockets = Array.from({ length: 80 }, (_, i) =>
    net.connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${10 + (i % 8)}` }).on('error', () => {}),
  )
  scope.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  await until(
    () => (sockets.filter(({ closed, destroyed }) => closed || destroyed).length >= 16 ? true : undefined),
    3_000,
    'the rest is turned away',
  )
  for (const socket of sockets) socket.destroy()
  const answers = async () => (await ask(port, '/').catch(() => undefined))?.status
  assert.is(await until(answers, 2_000, 'an answer'), 200)
  const said = (text: string) => {
    const socket = net.connect({ host: '127.0.0.1', port }).on('error', () => {})
    scope.defer(() => void socket.destroy())
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\n${text}`)
    return socket
  }
  const [endless, slow] = [said(`x: ${'y'.repeat(20_000)}`), said('')]
  await until(() => (endless.closed ? true : undefined), 2_500, 'it is cut off, and not only late')
  assert.is(slow.closed, false)
  await until(() => (slow.closed ? true : undefined), 8_000, 'a header that does not end has its time')
  assert.is(await answers(), 200)
})

/** `count` of them ask again and again and read nothing, from `of` addresses in turn, each of which may have as many as it likes. */
function deaf(scope: Scope, port: number, path: string, count: number, of: number) {
  const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(50)
  const sockets = Array.from({ length: count }, (_, i) => {
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${10 + (i % of)}` })
    socket.on('error', () => {}).pause()
    socket.write(request)
    return socket
  })
  scope.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  return sockets
}

const large = async () => 'baton_lanes 2\n'.repeat(75_000)

test('who asks and never reads is left after ten seconds, so that others are answered', async (scope) => {
  const { port } = await serve(scope, { overview: async () => overview(), metrics: large })
  deaf(scope, port, '/metrics', 64, 4)
  const answers = async () => (await ask(port, '/').catch(() => undefined))?.status
  await sleep(500)
  assert.is(await answers(), undefined, 'all places are taken')
  assert.is(await until(answers, 12_000, 'an answer'), 200)
})

test('one address cannot take all places', async (scope) => {
  const { port } = await serve(scope)
  const sockets = Array.from({ length: 64 }, () =>
    net.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' }).on('error', () => {}),
  )
  scope.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  await sleep(500)
  assert.is((await ask(port, '/')).status, 200)
  assert.is(sockets.filter(({ closed }) => !closed).length, 16)
})

test('a connection ends after a hundred requests', async (scope) => {
  const { port } = await serve(scope)
  const socket = net.connect({ host: '127.0.0.1', port }).on('error', () => {})
  scope.defer(() => void socket.destroy())
  let heard = ''
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1')
  })
  socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(150))
  await until(() => (socket.closed ? true : undefined), 3_000, 'it ends')
  assert.is(heard.split('HTTP/1.1 200').length - 1, 100)
})

test('what changes is made once for all who ask within a tick, and again for those who come later', async (scope) => {
  const made = { overview: 0, metrics: 0 }
  const source = {
    overview: async () => {
      made.overview++
      await sleep(50)
      return overview()
    },
    metrics: async () => {
      made.metrics++
      return `baton_lanes ${made.metrics}\n`
    },
  }
  const { port } = await serve(scope, source)
  const paths = ['/', '/part', '/overview.json', '/metrics']
  await Promise.all([...paths, ...paths].map((path) => ask(port, path)))
  for (const path of paths) await ask(port, path)
  assert.equal(made, { overview: 1, metrics: 1 })
  await sleep(950)
  assert.is((await ask(port, '/metrics')).body, 'baton_lanes 2\n')
  await ask(port, '/part')
  assert.equal(made, { overview: 2, metrics: 2 })
})

test.run()
