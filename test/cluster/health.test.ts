/** A program that fails its check gets no new connections, within interval × fall; `why` has the check's last words. */
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { startHaproxy } from '../peers/haproxy.js'
import { startNginx } from '../peers/nginx.js'
import { startRedis } from '../peers/redis.js'
import { tempDir } from '../peers/temp-dir.js'
import { addService, type Fixture, startCluster } from './fixture.js'

const test = suite('cluster/health', 60_000)
const [EVERY_MS, FALL, LIMIT_MS] = [300, 3, 500]
/** Of one round of gossip, of a bundle of facts, and of a busy host. */
const TOLD_MS = 700
const CHECK = ['--check-interval', `${EVERY_MS}ms`, '--check-fall', `${FALL}`, '--check-timeout', `${LIMIT_MS}ms`]

function ask(address: string, port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
      if (request.startsWith('PING')) socket.end()
    })
    socket.on('error', ({ message }) => resolve(`${answer}${message}`))
    socket.on('close', () => resolve(answer))
    socket.write(request)
  })
}

async function servedBy({ serviceAddress }: Fixture, port: number, times = 12): Promise<string[]> {
  const answers: string[] = []
  for (let i = 0; i < times; i++) answers.push(await ask(serviceAddress, port, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n'))
  return [...new Set(answers.map((text) => /node\d/.exec(text)?.[0] ?? `'${text}'`))].sort()
}

async function sentences({ cluster }: Fixture, service: string): Promise<string> {
  const [node] = cluster.live()
  return (await node?.client.why(service))?.sentences.join(' ') ?? ''
}

/** Until every live node says so of the backend. */
async function stateOf(
  fixture: Fixture,
  service: string,
  name: string,
  state: string,
  limitMs: number,
): Promise<number> {
  const begun = Date.now()
  await until(
    async () => {
      const views = await Promise.all(fixture.cluster.live().map(({ client }) => client.service(service)))
      const is = views.every(({ backends }) => backends.find(({ node }) => node.name === name)?.state === state)
      return is ? true : undefined
    },
    limitMs,
    `${name} is ${state}`,
    10,
  )
  return Date.now() - begun
}

/** nginx on each node, which says so, and whose health is a file. */
async function startWebServers(scope: Scope, { cluster }: Fixture, port: number): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for (const { name, address } of cluster.nodes) {
    const folder = await tempDir(scope, 'site')
    writeFileSync(path.join(folder, 'health'), 'well')
    files.set(name, path.join(folder, 'health'))
    await startNginx(scope, {
      address,
      port,
      listenWords: 'proxy_protocol',
      server: [`location = /health { root ${folder}; }`, `location / { return 200 "${name}\\n"; }`],
    })
  }
  return files
}

test(
  'HTTP behind PROXY: what fails is out on every node in time, and back when it works',
  async (scope) => {
    const fixture = await startCluster(scope)
    const files = await startWebServers(scope, fixture, 8_081)
    const check = ['--check', 'http', '--check-path', '/health', '--check-expect', 'well', ...CHECK]
    await addService(fixture, 'web', '8081', 3, '--proxy-protocol', 'v2', ...check)
    for (const name of ['node1', 'node2', 'node3']) await stateOf(fixture, 'web', name, 'healthy', 3_000)
    assert.equal(await servedBy(fixture, 8_081), ['node1', 'node2', 'node3'])

    writeFileSync(files.get('node2') ?? '', 'ill')
    const outMs = await stateOf(fixture, 'web', 'node2', 'unhealthy', 10_000)
    assert.ok(outMs <= 1.1 * EVERY_MS * FALL + LIMIT_MS + TOLD_MS, `${outMs} ms`)
    process.stdout.write(`out after ${outMs} ms, of ${EVERY_MS} × ${FALL}\n`)
    assert.equal(await servedBy(fixture, 8_081), ['node1', 'node3'])
    const why = await sentences(fixture, 'web')
    assert.match(why, /of node2 gets no new connections, it is unhealthy: answered HTTP\/1\.1 200 OK without 'well'/)
    const [node] = fixture.cluster.live()
    const shown = node === undefined ? '' : (await fixture.cluster.baton(node, 'service', 'show', 'web')).stdout
    assert.match(shown, /node2 .*unhealthy/)
    assert.match(
      await (node?.client.metrics() ?? ''),
      /baton_backend_up\{service="web",node="node2",port="8081",state="unhealthy"\} 0/,
    )

    writeFileSync(files.get('node2') ?? '', 'well again')
    await stateOf(fixture, 'web', 'node2', 'healthy', 5_000)
    assert.equal(await servedBy(fixture, 8_081), ['node1', 'node2', 'node3'])
  },
  { needs: ['nginx'] },
)

test(
  'a Redis that stands still is out, by its own node and by the director; connections that stand go on',
  async (scope) => {
    const fixture = await startCluster(scope)
    const pids = new Map<string, number>()
    for (const { name, address } of fixture.cluster.nodes) {
      pids.set(name, (await startRedis(scope, { address, port: 8_082 })).pid)
    }
    const check = [
      '--check',
      'send',
      '--check-send',
      'PING\\r\\n',
      '--check-expect',
      '+PONG',
      '--check-from',
      'director',
    ]
    await addService(fixture, 'cache', '8082', 3, ...check, ...CHECK)
    for (const name of ['node1', 'node2', 'node3']) await stateOf(fixture, 'cache', name, 'healthy', 3_000)
    const pid = pids.get('node3') ?? 0
    process.kill(pid, 'SIGSTOP')
    scope.defer(() => void process.kill(pid, 'SIGCONT'))
    await stateOf(fixture, 'cache', 'node3', 'unhealthy', 1.1 * EVERY_MS * FALL + FALL * LIMIT_MS + TOLD_MS + 2_000)
    for (let i = 0; i < 9; i++) assert.match(await ask(fixture.serviceAddress, 8_082, 'PING\r\n'), /^\+PONG/)
    assert.match(
      await sentences(fixture, 'cache'),
      /node3 gets no new connections, it is unhealthy: no answer within 500 ms/,
    )
  },
  { needs: ['redis-server'] },
)

test.long(
  'a node that stands still is out by the director’s checks, long before its connections are given up',
  async (scope) => {
    const fixture = await startCluster(scope)
    await Promise.all(
      fixture.cluster.nodes.map(({ address }) => {
        return startHaproxy(scope, { address, port: 8_083, frontend: ['http-request return status 200'] })
      }),
    )
    await addService(fixture, 'front', '8083', 3, '--check', 'tcp', '--check-from', 'director', ...CHECK)
    for (const name of ['node1', 'node2', 'node3']) await stateOf(fixture, 'front', name, 'healthy', 3_000)
    const view = await fixture.cluster.serving('front')
    const still = fixture.cluster.live().find(({ name }) => name !== view.director.name)
    const director = fixture.cluster.named(view.director.name)
    still?.child?.kill('SIGSTOP')
    scope.defer(() => void still?.child?.kill('SIGCONT'))
    await until(
      async () => {
        const { backends } = await director.client.service('front')
        const state = backends.find(({ node }) => node.name === still?.name)?.state ?? 'gone'
        return state === 'healthy' ? undefined : true
      },
      8_000,
      'it is out',
    )
  },
  { needs: ['haproxy'] },
)

test('passive: a program that resets before its first byte is out, and back when that has faded', async (scope) => {
  const fixture = await startCluster(scope)
  let isBad = true
  for (const { name, address } of fixture.cluster.nodes) {
    const server = net.createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        if (name === 'node2' && isBad) socket.resetAndDestroy()
        else socket.end(`HTTP/1.0 200 OK\r\n\r\n${name}`)
      })
    })
    await new Promise<void>((resolve) => server.listen(8_084, address, resolve))
    scope.defer(() => void server.close())
  }
  await addService(fixture, 'raw', '8084', 3, '--passive-limit', '3', '--passive-decay', '60s')
  await until(
    async () => {
      await ask(fixture.serviceAddress, 8_084, 'GET / HTTP/1.0\r\n\r\n')
      const view = await fixture.cluster.live()[0]?.client.service('raw')
      return view?.backends.some(({ state }) => state === 'unhealthy') ? true : undefined
    },
    10_000,
    'node2 is out',
    5,
  )
  assert.equal(await servedBy(fixture, 8_084), ['node1', 'node3'])
  const said = await sentences(fixture, 'raw')
  // Whoever directs has seen it; that may be this very node.
  const { director } = await fixture.cluster.serving('raw')
  const by = director.name === 'node2' ? '' : ` (seen by ${director.name})`
  assert.ok(said.includes(`its connections fail: reset before the first byte${by}`), said)
  isBad = false
  // Its operator does not want to wait for that long.
  const [node] = fixture.cluster.live()
  if (node !== undefined) await fixture.cluster.baton(node, 'service', 'set', 'raw', '--passive-decay', '1s')
  await stateOf(fixture, 'raw', 'node2', 'healthy', 20_000)
  assert.equal(await servedBy(fixture, 8_084), ['node1', 'node2', 'node3'])
})

test.run()
