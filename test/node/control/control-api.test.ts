import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { BatonError } from '../../../src/base/errors.js'
import { type LogFields, silentLogger } from '../../../src/base/log.js'
import { ControlClient } from '../../../src/node/control/control-client.io.js'
import { startControlServer } from '../../../src/node/control/control-server.io.js'
import { fakeApi, startFakeNode, tempFolder } from '../../cli/fake-node.js'
import { healthy, splices, web, why } from '../../cli/views.js'
import { assert, suite } from '../../harness/suite.js'

const test = suite('node/control/control-api', 5_000)

async function failure(work: Promise<unknown>): Promise<BatonError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof BatonError) return error
  throw new Error(`expected a BatonError, not ${error}`)
}

function raw(socketPath: string, method: string, target: string, body?: string, type = 'application/json') {
  return new Promise<{ status: number; view: { code?: string; message?: string } }>((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type }
    const request = http.request({ socketPath, method, path: target, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, view: text === '' ? {} : JSON.parse(text) }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

test('every question of the API gets its answer through the socket', async (scope) => {
  const { socket, asked } = await startFakeNode(scope)
  const client = new ControlClient(socket)
  assert.equal(await client.status(), healthy)
  assert.equal(await client.services(), [web])
  assert.equal(await client.service('web'), web)
  assert.equal(await client.why('web'), why)
  assert.equal(await client.splices({ service: 'web', limit: 7 }), splices)
  const write = { mode: 'create', fields: { address: '10.0.0.1', ports: '80', idleMs: 0 }, force: true } as const
  assert.is((await client.writeService('db', write)).service.name, 'db')
  await client.removeService('web')
  assert.equal(asked, [
    { service: 'web', limit: 7 },
    { name: 'db', write },
  ])
})

test('the socket is for its owner only', async (scope) => {
  const { socket } = await startFakeNode(scope)
  assert.is(statSync(socket).mode & 0o777, 0o600)
})

test('an error of the node arrives with code, message and hint', async (scope) => {
  const { socket } = await startFakeNode(scope)
  const error = await failure(new ControlClient(socket).service('nope'))
  assert.equal(
    [error.code, error.message, error.hint],
    ['ERR_SERVICE_UNKNOWN', 'there is no service nope', 'services are: web'],
  )
  assert.is((await raw(socket, 'GET', '/v1/services/nope')).status, 404)
})

test('a name of any characters stays one name', async (scope) => {
  const { socket } = await startFakeNode(scope)
  const error = await failure(new ControlClient(socket).service('a/b?c#ü %'))
  assert.is(error.message, 'there is no service a/b?c#ü %')
})

test('an error that nobody foresaw is a 500, logged, and not fatal', async (scope) => {
  const folder = tempFolder(scope)
  const logged: LogFields[] = []
  const socket = path.join(folder, 'control.sock')
  const api = { ...fakeApi(), status: () => Promise.reject(new TypeError('x is undefined')) }
  const logger = { log: (_level: string, _event: string, fields: LogFields = {}) => void logged.push(fields) }
  const server = await startControlServer({ path: socket, api, logger })
  scope.defer(() => server.close())
  const error = await failure(new ControlClient(socket).status())
  assert.is(error.code, 'ERR_INTERNAL')
  assert.is((await raw(socket, 'GET', '/v1/status')).status, 500)
  assert.match(String(logged[0]?.['stack']), 'x is undefined')
  assert.equal(await new ControlClient(socket).services(), [web])
})

test('what does not follow the schema is refused before the API hears of it', async (scope) => {
  const { socket, asked } = await startFakeNode(scope)
  const put = (body: string) => raw(socket, 'PUT', '/v1/services/x', body)
  const bodies = [
    '{',
    '[]',
    '{"mode":"create"}',
    '{"mode":"destroy","fields":{}}',
    '{"mode":"set","fields":{"a":{"b":1}}}',
    '{"mode":"set","fields":{"a":true}}',
    '{"mode":"set","fields":{},"force":"true"}',
    `{"mode":"set","fields":${JSON.stringify(Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`f${i}`, 1])))}}`,
  ]
  for (const body of bodies) {
    const { status, view } = await put(body)
    assert.equal([status, view.code], [400, 'ERR_REQUEST_INVALID'], body)
  }
  for (const limit of ['-1', '1.5', 'all', '1234567']) {
    assert.is((await raw(socket, 'GET', `/v1/splices?limit=${limit}`)).status, 400, limit)
  }
  assert.is((await raw(socket, 'GET', `/v1/services/${'x'.repeat(129)}`)).status, 400)
  assert.equal(asked, [])
})

test('a field that only a newer command knows does no harm', async (scope) => {
  const { socket } = await startFakeNode(scope)
  const { status } = await raw(socket, 'PUT', '/v1/services/x', '{"mode":"set","fields":{},"later":1}')
  assert.is(status, 200)
})

test('a request above the limit, of another type or to another path is refused', async (scope) => {
  const { socket } = await startFakeNode(scope)
  const long = JSON.stringify({ mode: 'set', fields: { a: 'x'.repeat(70_000) } })
  assert.is((await raw(socket, 'PUT', '/v1/services/x', long)).view.code, 'ERR_REQUEST_INVALID')
  assert.is((await raw(socket, 'PUT', '/v1/services/x', '<a/>', 'text/xml')).view.code, 'ERR_REQUEST_INVALID')
  const { status, view } = await raw(socket, 'GET', '/v2/status')
  assert.equal([status, view.code], [404, 'ERR_REQUEST_UNKNOWN'])
})

test('without a node the client says how to start one', async (scope) => {
  const folder = tempFolder(scope)
  const client = new ControlClient(path.join(folder, 'control.sock'))
  assert.match((await failure(client.status())).hint ?? '', 'baton init --state')
  writeFileSync(path.join(folder, 'node.json'), '{}')
  const error = await failure(client.status())
  assert.equal([error.code, error.hint], ['ERR_NODE_NOT_RUNNING', `start it: baton up --state ${folder}`])
})

test('a socket that a dead process left is no node, and the next one takes its place', async (scope) => {
  const folder = tempFolder(scope)
  const socket = path.join(folder, 'control.sock')
  await leaveSocketBehind(socket)
  assert.ok(existsSync(socket))
  assert.is((await failure(new ControlClient(socket).status())).code, 'ERR_NODE_NOT_RUNNING')
  const server = await startControlServer({ path: socket, api: fakeApi(), logger: silentLogger })
  scope.defer(() => server.close())
  assert.equal(await new ControlClient(socket).services(), [web])
})

test('the socket of a living process is left alone', async (scope) => {
  const { socket } = await startFakeNode(scope)
  const error = await failure(startControlServer({ path: socket, api: fakeApi(), logger: silentLogger }))
  assert.is(error.code, 'ERR_CONTROL_IN_USE')
  assert.equal(await new ControlClient(socket).services(), [web])
})

test('a path that no unix socket can have is refused in words', async (scope) => {
  const folder = path.join(tempFolder(scope), 'x'.repeat(100))
  mkdirSync(folder)
  const socket = path.join(folder, 'control.sock')
  const error = await failure(startControlServer({ path: socket, api: fakeApi(), logger: silentLogger }))
  assert.is(error.code, 'ERR_CONTROL_PATH_TOO_LONG')
  assert.match(error.hint ?? '', /at least \d+ bytes shorter/)
})

test('closing removes the socket and does not wait for ever', async (scope) => {
  const never = new Promise<never>(() => {})
  const folder = tempFolder(scope)
  const socket = path.join(folder, 'control.sock')
  const server = await startControlServer({
    path: socket,
    api: { ...fakeApi(), status: () => never },
    logger: silentLogger,
  })
  const answer = failure(new ControlClient(socket).status())
  await new ControlClient(socket).services()
  await server.close()
  assert.is((await answer).code, 'ERR_CONTROL_FAILED')
  assert.not.ok(existsSync(socket))
})

test('a node that does not answer is given up at the deadline', async (scope) => {
  const { socket } = await startFakeNode(scope, { status: () => new Promise(() => {}) })
  assert.is((await failure(new ControlClient(socket, 100).status())).code, 'ERR_CONTROL_TIMEOUT')
})

test('an answer that trickles in has the same deadline', async (scope) => {
  const socket = await rawServer(scope, (connection) => {
    connection.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')
    const timer = setInterval(() => connection.write(' '), 20)
    connection.once('close', () => clearInterval(timer))
  })
  assert.is((await failure(new ControlClient(socket, 150).status())).code, 'ERR_CONTROL_TIMEOUT')
})

test('what is no Baton node is called so', async (scope) => {
  const socket = await rawServer(scope, (connection) =>
    connection.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'),
  )
  assert.is((await failure(new ControlClient(socket).status())).code, 'ERR_CONTROL_PROTOCOL')
  const other = await rawServer(scope, (connection) => connection.end('HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}'))
  assert.is((await failure(new ControlClient(other).status())).code, 'ERR_CONTROL_PROTOCOL')
  const noise = await rawServer(scope, (connection) => connection.end('SSH-2.0-OpenSSH_9.2\r\n'))
  assert.is((await failure(new ControlClient(noise).status())).code, 'ERR_CONTROL_FAILED')
})

test('an answer without end is cut off', async (scope) => {
  const chunk = Buffer.alloc(1024 * 1024, 32)
  const socket = await rawServer(scope, (connection) => {
    connection.on('error', () => {})
    connection.write('HTTP/1.1 200 OK\r\n\r\n')
    const pump = () => {
      while (!connection.destroyed && connection.write(chunk));
      connection.once('drain', pump)
    }
    pump()
  })
  const error = await failure(new ControlClient(socket).status())
  assert.match(error.message, 'above 16777216 bytes')
})

test('who may not open the socket hears whose it is', async (scope) => {
  if (process.getuid?.() === 0) return // root may open everything
  const { folder, socket } = await startFakeNode(scope)
  chmodSync(socket, 0)
  scope.defer(() => chmodSync(socket, 0o600))
  const error = await failure(new ControlClient(path.join(folder, 'control.sock')).status())
  assert.is(error.code, 'ERR_CONTROL_DENIED')
  assert.match(error.message, 'it belongs to')
})

/** A socket file that nobody listens on: hard links survive the close that removes the first name. */
async function leaveSocketBehind(socket: string): Promise<void> {
  const { linkSync } = await import('node:fs')
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(`${socket}.first`, resolve))
  linkSync(`${socket}.first`, socket)
  await new Promise((resolve) => server.close(resolve))
}

async function rawServer(
  scope: Parameters<typeof tempFolder>[0],
  serve: (connection: net.Socket) => void,
): Promise<string> {
  const socket = path.join(tempFolder(scope), 'control.sock')
  const open = new Set<net.Socket>()
  const server = net.createServer((connection) => {
    open.add(connection)
    connection.on('error', () => {})
    connection.once('data', () => serve(connection))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  scope.defer(async () => {
    for (const connection of open) connection.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return socket
}

test.run()
