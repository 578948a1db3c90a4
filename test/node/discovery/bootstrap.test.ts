/** A bootstrap node on loopback, and nodes of the swarm that meet through it: real sockets, no cluster. */

import dgram from 'node:dgram'
import HyperDHT from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import { silentLogger } from '../../../src/base/log.js'
import { Prng } from '../../../src/base/prng.js'
import { realClock } from '../../../src/base/real-clock.io.js'
import type { Carrier } from '../../../src/gossip/discovery/hyperswarm.io.js'
import { SwarmSource } from '../../../src/gossip/discovery/hyperswarm.io.js'
import { until } from '../../../src/lab/wait.io.js'
import { type BootstrapView, runBootstrap } from '../../../src/node/discovery/bootstrap.io.js'
import { checkBootstraps } from '../../../src/node/discovery/bootstrap-check.io.js'
import { deriveKey, nodeKeyPair } from '../../../src/trunk/keys.io.js'
import { profileOf } from '../../gossip/profiles.js'
import { assert, type Scope, suite } from '../../harness/suite.js'

const test = suite('node/discovery/bootstrap', 30_000)
/** Of this process: no other test run uses these four. */
const PORT = 21_000 + (process.pid % 2_000) * 4
const LISTEN = `127.0.0.1:${PORT}`
const TOPIC = new Uint8Array(32).fill(process.pid % 251)
const KEY = new Uint8Array(32).fill(1)
const OTHER_KEY = new Uint8Array(32).fill(2)

async function bootstrap(scope: Scope): Promise<BootstrapView> {
  let ended: Promise<string> | undefined
  const view = await new Promise<BootstrapView>((resolve, reject) => {
    ended = runBootstrap({ listen: LISTEN, others: [] }, resolve)
    ended.catch(reject)
  })
  scope.defer(async () => {
    process.emit('SIGTERM')
    assert.is(await ended, 'SIGTERM')
  })
  return view
}

class Node {
  readonly found: string[] = []
  readonly carriers: Carrier[] = []
  isLinked = true

  private constructor(readonly source: SwarmSource) {}

  static start(scope: Scope, index: number, key = KEY): Node {
    const { node: id, boot, gossip, control } = profileOf(index)
    const node: Node = new Node(
      new SwarmSource({
        topics: () => [TOPIC],
        keyPair: nodeKeyPair(new Uint8Array(32).fill(index + 1)),
        proofs: (hash, isInitiator) => [deriveKey(key, `${isInitiator} ${Buffer.from(hash).toString('hex')}`)],
        bootstrap: [{ host: '127.0.0.1', port: PORT }],
        self: () => ({ node: id, boot, gossip, control }),
        isLinked: () => node.isLinked,
        onCarrier: (carrier) => node.carriers.push(carrier),
        clock: realClock(),
        logger: silentLogger,
      }),
    )
    scope.defer(() => node.source.stop())
    node.source.start(({ address }) => node.found.push(address))
    return node
  }

  meets(other: number): Promise<true> {
    const { address } = profileOf(other).gossip
    return until(() => (this.found.includes(address) ? true : undefined), 15_000, `meets ${other}`)
  }
}

test('it says where it is, answers, and tells when its ports are taken', async (scope) => {
  const view = await bootstrap(scope)
  assert.equal(view, { host: '127.0.0.1', port: PORT, ports: 4, bootstrap: LISTEN })
  const [finding] = await checkBootstraps([{ host: '127.0.0.1', port: PORT }])
  assert.is(finding?.level, 'ok', finding?.found)
  let problem: unknown
  await runBootstrap({ listen: LISTEN, others: [] }, () => {}).catch((error: unknown) => {
    problem = error
  })
  assert.is((problem as { code?: string }).code, 'ERR_BOOTSTRAP_BIND')
  for (const listen of ['0.0.0.0', '::1', 'host:1', '127.0.0.1:65533']) {
    const refused = await runBootstrap({ listen, others: [] }, () => {}).catch((error: { code: string }) => error.code)
    assert.is(refused, 'ERR_USAGE', listen)
  }
})

test('nodes meet through it, and one end offers the connection when there is no other link', async (scope) => {
  await bootstrap(scope)
  const a = Node.start(scope, 0)
  await until(() => (a.source.report().nodes > 0 ? true : undefined), 10_000, 'a is there')
  const b = Node.start(scope, 1)
  await Promise.all([a.meets(1), b.meets(0)])
  assert.equal([a.carriers.length, b.carriers.length], [0, 0])
  for (const node of [a, b]) node.isLinked = false
  const carried = (node: Node) => until(() => node.carriers[0], 10_000, 'it is offered')
  const [mine, theirs] = await Promise.all([carried(a), carried(b)])
  assert.not(mine.isInitiator === theirs.isInitiator)
  assert.equal([mine.node, theirs.node], [profileOf(1).node, profileOf(0).node])
  const heard = new Promise<Uint8Array>((resolve) => theirs.connection.on('data', resolve))
  mine.connection.write(Uint8Array.of(1, 2, 3))
  assert.equal([...(await heard)], [1, 2, 3])
  assert.is(a.source.report().carried, 1)
})

test('who knows the topic and has another key hears of nobody, and is counted', async (scope) => {
  await bootstrap(scope)
  const a = Node.start(scope, 0)
  await until(() => (a.source.report().nodes > 0 ? true : undefined), 10_000, 'a is there')
  const stranger = Node.start(scope, 1, OTHER_KEY)
  // Whoever hears the other's proof first ends it, and the other may hear none.
  const nodes = [a, stranger]
  const counts = () => nodes.reduce((sum, { source }) => sum + source.report().strangers, 0)
  await until(() => (counts() > 0 ? true : undefined), 15_000, 'a stranger is counted')
  for (const { found, source } of nodes) assert.equal([found, source.report().met], [[], 0])
})

test('a stranger who sends much before it has proven anything is left at once, and not taken again', async (scope) => {
  await bootstrap(scope)
  const a = Node.start(scope, 0)
  await until(() => (a.source.report().nodes > 0 ? true : undefined), 10_000, 'a is there')
  const dht = new HyperDHT({ bootstrap: [LISTEN], port: PORT + 100 })
  const swarm = new Hyperswarm({ dht, keyPair: nodeKeyPair(new Uint8Array(32).fill(9)), maxPeers: 8, maxParallel: 1 })
  scope.defer(() => swarm.destroy())
  const ended = new Promise<number>((resolve) =>
    swarm.on('connection', (connection) => {
      const raw = connection.rawStream as unknown as { readonly bytesTransmitted: number }
      connection.on('error', () => {})
      connection.on('close', () => resolve(raw.bytesTransmitted))
      connection.write(new Uint8Array(8_000_000))
    }),
  )
  swarm.join(TOPIC, { server: true, client: true })
  assert.ok((await ended) < 500_000, 'most of it was not even sent')
  await until(() => (a.source.report().strangers === 1 ? true : undefined), 1_000, 'it is counted')
  assert.is(a.source.report().connections, 0)
})

test('strangers that say nothing: 32 at a time, five seconds each, and a member is met all the same', async (scope) => {
  await bootstrap(scope)
  const a = Node.start(scope, 0)
  await until(() => (a.source.report().nodes > 0 ? true : undefined), 10_000, 'a is there')
  const dht = new HyperDHT({ bootstrap: [LISTEN], port: PORT + 100 })
  scope.defer(() => dht.destroy({ force: true }))
  await dht.fullyBootstrapped()
  const { publicKey } = nodeKeyPair(new Uint8Array(32).fill(1))
  let ended = 0
  for (let i = 0; i < 48; i++) {
    const stranger = dht.connect(publicKey, { keyPair: nodeKeyPair(new Uint8Array(32).fill(100 + i)) })
    stranger.on('error', () => {})
    stranger.on('close', () => ended++)
  }
  let most = 0
  const isFull = () => {
    most = Math.max(most, a.source.report().connections)
    return ended >= 16 && most >= 32 ? true : undefined
  }
  await until(isFull, 10_000, 'those beyond are left')
  const b = Node.start(scope, 1)
  await until(() => (isFull() && ended === 48 ? true : undefined), 10_000, 'the others are left in time')
  assert.is(most, 32)
  await Promise.all([a.meets(1), b.meets(0)])
})

test('random datagrams to a bootstrap node: it answers all the while', async (scope) => {
  await bootstrap(scope)
  const socket = dgram.createSocket('udp4')
  scope.defer(() => void socket.close())
  const random = new Prng(1)
  for (let i = 0; i < 5_000; i++) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256))
    // Half of them of the form that the DHT speaks: version 3, a request or an answer.
    if (i % 2 === 0 && bytes.byteLength > 0) bytes[0] = i % 4 === 0 ? 0x03 : 0x13
    await new Promise((resolve) => socket.send(bytes, PORT + (i % 4), '127.0.0.1', resolve))
  }
  const [finding] = await checkBootstraps([{ host: '127.0.0.1', port: PORT }])
  assert.is(finding?.level, 'ok', finding?.found)
})

test.run()
