/**
 * Hosts whose libc is too old for the native part of a package, or for all of them: nodes of all kinds make one cluster,
 * and each says what it lacks.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { childHere } from '../../src/lab/programs.io.js'
import { baton } from '../cli/baton.js'
import { assert, suite } from '../harness/suite.js'
import { addService, startHello } from './fixture.js'

const test = suite('cluster/natives', 60_000)
const HIDE = fileURLToPath(new URL('../harness/hide-natives.cjs', import.meta.url))
const BLOCK = `127.${10 + (process.pid % 200)}.${(process.pid >> 8) % 250}`
/** What each node cannot load. */
const HIDDEN: Readonly<Record<string, string>> = {
  node1: 'koffi,sodium-native,udx-native',
  node2: '',
  node3: 'sodium-native',
}
const hiding = (parts: string) => ({ NODE_OPTIONS: `--require ${HIDE}`, HIDE_NATIVES: parts })

test('a node without any native part, one without libsodium and one that has all make one cluster', async (scope) => {
  const addresses = [11, 12, 13].map((last) => `${BLOCK}.${last}`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-test-'))
  const cluster = await LocalCluster.start({
    addresses,
    folder,
    start: (name, [program, ...args], output) => {
      const parts = HIDDEN[name] ?? ''
      return childHere(name, ['env', `HIDE_NATIVES=${parts}`, program, '--require', HIDE, ...args], output)
    },
  })
  scope.defer(() => cluster.remove())
  await cluster.settled()
  const fixture = { cluster, addresses, serviceAddress: `${BLOCK}.100` }
  startHello(scope, fixture, 8080)
  await addService(fixture, 'web', '8080', 3)
  // Whoever directs, the others are reached over links that both ends can seal.
  for (let round = 0; round < 2; round++) {
    const answers = new Set<string>()
    for (let i = 0; i < 12; i++) {
      const text = await (await fetch(`http://${fixture.serviceAddress}:8080/`)).text()
      answers.add(/hello from (node\d)/.exec(text)?.[1] ?? text)
    }
    assert.is(answers.size, 3, [...answers].join())
    const status = await cluster.answers(cluster.nodes[1] as (typeof cluster.nodes)[0])
    const director = status.services[0]?.director?.name ?? ''
    const node = cluster.nodes.find(({ name }) => name === director)
    assert.ok(node, director)
    if (round > 0 || node === undefined) break
    node.child?.kill('SIGKILL')
    await node.child?.ended
    cluster.up(node)
    await cluster.settled()
    await cluster.serving('web')
    await addedAgain(cluster)
  }
  const logs = Object.fromEntries(
    cluster.nodes.map(({ name }) => [name, readFileSync(path.join(folder, `${name}.log`), 'utf8')]),
  )
  const counts = (name: string, event: string) =>
    (logs[name]?.match(new RegExp(`"event":"${event}"`, 'g')) ?? []).length
  const starts = (name: string) => counts(name, 'up')
  // Once for each start, and only where something is missing.
  assert.is(counts('node1', 'no-system-calls'), starts('node1'))
  assert.is(counts('node1', 'no-native-sodium'), starts('node1'))
  assert.is(counts('node3', 'no-native-sodium'), starts('node3'))
  assert.is(
    counts('node2', 'no-native-sodium') + counts('node2', 'no-system-calls') + counts('node3', 'no-system-calls'),
    0,
  )
  assert.match(logs['node1'] ?? '', /koffi needs glibc 9\.99, this host has glibc [\d.]+/)
  assert.match(logs['node3'] ?? '', /"event":"engine","engine":"epoll"/)
  assert.match(logs['node3'] ?? '', /sodium-native needs glibc 9\.99, this host has glibc [\d.]+/)
})

async function addedAgain(cluster: LocalCluster): Promise<void> {
  for (const { client } of cluster.nodes) {
    for (let tries = 0; (await client.service('web')).backends.length < 3; tries++) {
      assert.ok(tries < 100, 'all three programs are known again')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test('an engine that is asked for by name and cannot be had is refused, with the cause', async (scope) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-test-'))
  scope.defer(() => import('node:fs').then(({ rmSync }) => rmSync(folder, { recursive: true })))
  const state = path.join(folder, 'state')
  assert.is((await baton(['init', '--state', state, '--name', 'a'], '', hiding('sodium-native'))).exit, 0)
  const ran = await baton(['up', '--state', state, '--engine', 'epoll', '--bind', `${BLOCK}.14`], '', hiding('koffi'))
  assert.is(ran.exit, 1)
  const said = ran.stderr.replace(/\s+/g, ' ')
  assert.match(said, /the epoll engine cannot be used here: koffi needs glibc 9\.99, this host has glibc [\d.]+ Try:/)
  assert.match(said, /--engine auto takes what there is, --engine net works everywhere/)
})

test('doctor has a line for each native part, there or not; no bootstrap node runs without udx-native', async () => {
  const idsOf = (stdout: string) => {
    const { findings } = JSON.parse(stdout) as { findings: { id: string; level: string; found: string }[] }
    return findings.filter(({ id }) => id.startsWith('native/'))
  }
  const well = idsOf((await baton(['doctor', '--json'])).stdout)
  assert.equal(
    well.map(({ id, level }) => `${id} ${level}`),
    ['native/koffi ok', 'native/sodium-native ok', 'native/udx-native ok'],
  )
  const ill = idsOf((await baton(['doctor', '--json'], '', hiding('koffi,sodium-native,udx-native'))).stdout)
  for (const { id, level, found } of ill) {
    assert.is(level, 'degraded', id)
    assert.match(found, `${id.slice(7)} needs glibc 9.99, this host has `)
  }
  const ran = await baton(['bootstrap', '--listen', `${BLOCK}.14:27450`, '--json'], '', hiding('udx-native'))
  assert.is(ran.exit, 1)
  assert.is((JSON.parse(ran.stdout) as { code: string }).code, 'ERR_NATIVE_PART')
})

test.run()
