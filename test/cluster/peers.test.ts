/** Real, unchanged programs behind Baton, reached with the clients that people use. */
import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { until } from '../../src/lab/wait.io.js'
import { programPath } from '../harness/programs.js'
import { assert, suite } from '../harness/suite.js'
import { startHaproxy } from '../peers/haproxy.js'
import { startNginx } from '../peers/nginx.js'
import { startRedis } from '../peers/redis.js'
import { addService, startCluster } from './fixture.js'

const run = promisify(execFile)
const test = suite('cluster/peers', 60_000)

test.long(
  'nginx on three nodes, reached with curl; it sees the client by PROXY v2',
  async (scope) => {
    const fixture = await startCluster(scope)
    for (const { name, address } of fixture.cluster.nodes) {
      const server = [`return 200 "${name} saw $proxy_protocol_addr\\n";`]
      await startNginx(scope, { address, port: 8081, listenWords: 'proxy_protocol', server })
    }
    await addService(fixture, 'nginx', '8081', 3, '--proxy-protocol', 'v2')
    const seen = new Set<string>()
    for (let i = 0; i < 6; i++) {
      const { stdout } = await run(programPath('curl'), ['-sS', '-m', '5', `http://${fixture.serviceAddress}:8081/`])
      assert.match(stdout, /^node[123] saw 127\.0\.0\.1\n$/)
      seen.add(stdout.slice(0, 5))
    }
    assert.is(seen.size, 3)
  },
  { needs: ['nginx', 'curl'] },
)

test.long(
  'HAProxy as a backend with accept-proxy: client address and a unique id for each connection',
  async (scope) => {
    const fixture = await startCluster(scope)
    for (const { name, address } of fixture.cluster.nodes) {
      const answer = `http-request return status 200 content-type text/plain lf-string "${name} %[src] %[fc_pp_unique_id]\\n"`
      await startHaproxy(scope, { address, port: 8082, bindWords: 'accept-proxy', frontend: [answer] })
    }
    await addService(fixture, 'haproxy', '8082', 3, '--proxy-protocol', 'v2')
    const ids = new Set<string>()
    for (let i = 0; i < 9; i++) {
      const { stdout } = await run(programPath('curl'), ['-sS', '-m', '5', `http://${fixture.serviceAddress}:8082/`])
      const match = /^node[123] 127\.0\.0\.1 ([0-9a-f]{8}-\d+-\d+)\n$/.exec(stdout)
      assert.ok(match, stdout)
      ids.add(match?.[1] ?? '')
    }
    assert.is(ids.size, 9)
  },
  { needs: ['haproxy', 'curl'] },
)

test(
  'Redis with redis-cli: commands, and a subscriber that stays connected and hears every message',
  async (scope) => {
    const fixture = await startCluster(scope)
    const { serviceAddress: host } = fixture
    // One Redis only: what one client publishes, the other must hear.
    const address = fixture.addresses[1] ?? ''
    const { pid } = await startRedis(scope, { address, port: 6390 })
    await addService(fixture, 'redis', '6390', 1)
    for (const { name, client } of fixture.cluster.nodes) {
      const backend = async () => (await client.service('redis')).backends[0]?.program
      await until(backend, 5_000, `${name} knows which program listens on node2`)
      assert.equal(await backend(), { pid, name: 'redis-server' })
    }
    const cli = (...args: string[]) => run(programPath('redis-cli'), ['-h', host, '-p', '6390', ...args])
    assert.is((await cli('SET', 'greeting', 'hello')).stdout.trim(), 'OK')
    assert.is((await cli('GET', 'greeting')).stdout.trim(), 'hello')
    const subscriber = spawn(programPath('redis-cli'), ['-h', host, '-p', '6390', 'SUBSCRIBE', 'news'])
    scope.defer(() => {
      subscriber.kill()
    })
    let heard = ''
    subscriber.stdout.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
    })
    await until(() => (heard.includes('subscribe') ? true : undefined), 5_000, 'the subscription is confirmed')
    for (let i = 0; i < 20; i++) assert.is((await cli('PUBLISH', 'news', `message ${i}`)).stdout.trim(), '1')
    await until(
      () => (heard.includes('message 19') ? true : undefined),
      5_000,
      () => `20 messages are heard: ${heard}`,
    )
    for (let i = 0; i < 20; i++) assert.ok(heard.includes(`message ${i}\n`), `message ${i}`)
    const director = (await fixture.cluster.serving('redis')).director
    const { splices } = await fixture.cluster.named(director.name).client.splices({ service: 'redis', limit: 100 })
    assert.is(splices.length, 1, 'the subscriber is the one splice that lives')
    assert.is(splices[0]?.server?.to, `${address}:6390`)
  },
  { needs: ['redis-server', 'redis-cli'] },
)

test.run()
