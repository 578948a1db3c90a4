/** A node whose process is replaced by another: its clients check every byte, and notice nothing but a short wait. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { until } from '../../src/lab/wait.io.js'
import type { ServiceWrite } from '../../src/node/control/control-protocol.js'
import { assert, suite } from '../harness/suite.js'
import { serviceManager } from '../node/service-manager.js'
import { addService, startCluster } from './fixture.js'
import { LoopbackTalkers, startEcho } from './loopback-talkers.js'
import { assertWhole } from './waits.js'

const test = suite('cluster/replaced', 90_000)
const CLIENTS = 60
/** Of profile `lan`. */
const LEASE_MS = 1_000
const FALSE_HEIR = fileURLToPath(new URL('false-heir.ts', import.meta.url))
const run = promisify(execFile)

test('on addresses that are there, and with no right at all: a node is replaced three times in a row', async (scope) => {
  const fixture = await startCluster(scope, 3)
  const { cluster, serviceAddress } = fixture
  const port = 7_777
  startEcho(scope, fixture, port)
  await addService(fixture, 'echo', String(port), 3, '--own', 'none')
  const director = cluster.named((await cluster.serving('echo')).director.name)
  const talkers = new LoopbackTalkers(cluster.folder, { address: serviceAddress, port }, CLIENTS)
  scope.defer(() => talkers.stop())
  await talkers.stand()
  talkers.brace()
  for (let round = 0; round < 3; round++) {
    await cluster.replace(director)
    await cluster.settled()
  }
  assertWhole(await talkers.report(), CLIENTS, 'three times')
  const { node } = await director.client.status()
  assert.equal([node.boot, node.replaced?.times], [1, 3])
})

test.long('a process that asks for everything and fails at whatever step leaves the node as it was', async (scope) => {
  const fixture = await startCluster(scope, 1)
  const { cluster, serviceAddress } = fixture
  const port = 7_777
  startEcho(scope, fixture, port)
  await addService(fixture, 'echo', String(port), 1, '--own', 'none')
  await addService(fixture, 'other', String(port + 1), 0, '--own', 'none')
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  const talkers = new LoopbackTalkers(cluster.folder, { address: serviceAddress, port }, CLIENTS)
  scope.defer(() => talkers.stop())
  await talkers.stand()
  talkers.brace()
  const ask = (way: string) =>
    run(process.execPath, ['--import', 'tsx', FALSE_HEIR, node.state, way]).then(
      ({ stdout }) => stdout.trim(),
      (error: { stdout?: string; signal?: string }) => (error.stdout?.trim() || error.signal) ?? '',
    )
  const pid = node.child?.pid
  assert.match(await ask('version'), /by version 2, and the new process wants version 3/)
  assert.is(await ask('dies at hello'), 'died')
  assert.is(await ask('dies with the lanes'), 'died')
  assert.is(await ask('dies with the rows'), 'died')
  assert.is(await ask('dies when it has read'), 'died')
  assert.is(await ask('dies with all'), 'died')
  assert.is(await ask('cannot read it'), 'refused')
  assert.match(await ask('changes something'), 'the cluster changed meanwhile: try again')
  assert.is(await ask('never reads'), 'SIGKILL', 'it would keep sockets open')
  assert.is(await ask('hangs'), 'SIGKILL', 'it is in the way of whoever goes on')
  const status = await node.client.status()
  assert.equal([status.node.replaced, node.child?.pid, node.child?.isOver], [undefined, pid, false])
  assertWhole(await talkers.report(), CLIENTS, 'ten false heirs')
  await cluster.replace(node)
  assert.is((await node.client.status()).node.replaced?.times, 1, 'and then one takes it')
})

test('`baton reload`: the node starts its own successor, which stops as every other', async (scope) => {
  const { cluster } = await startCluster(scope, 1)
  const [node] = cluster.nodes
  if (node === undefined) throw new Error('no node')
  const { stdout } = await cluster.baton(node, 'reload')
  const { pid } = JSON.parse(readFileSync(path.join(node.state, 'lock'), 'utf8')) as { pid: number }
  scope.defer(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')))
  assert.match(stdout, /node1 goes on in another process/)
  assert.equal([node.child?.isOver, isRunning(pid)], [true, true])
  assert.equal((await node.child?.ended)?.code, 0, 'the one before has ended in order')
  process.kill(pid, 'SIGTERM')
  await until(() => (isRunning(pid) ? undefined : true), 10_000, 'it stops')
  assert.equal(
    ['lock', 'control.sock'].filter((name) => existsSync(path.join(node.state, name))),
    [],
  )
})

test.long(
  '`baton reload` is tried again when the cluster changes in the very moment, and gives up with the reason',
  async (scope) => {
    const fixture = await startCluster(scope, 1)
    const { cluster } = fixture
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('no node')
    // Enough to tell that its lanes hear of something while they stand still.
    let [isRestless, stopAfter] = [true, Number.POSITIVE_INFINITY]
    const refusals = () => cluster.log(node).split('"event":"not-replaced"').length - 1
    const restless = (async () => {
      for (let i = 0; isRestless && refusals() < stopAfter; i++) {
        await node.client.writeService('restless', change(i)).catch(() => {})
      }
    })()
    scope.defer(async () => {
      isRestless = false
      await restless
    })
    const said = await cluster.baton(node, 'reload').then(
      () => '',
      (error: { stderr?: string }) => (error.stderr ?? '').replace(/\s+/g, ' '),
    )
    assert.match(said, /the cluster changed meanwhile: try again \(tried 3 times\)/)
    assert.is(refusals(), 3)
    stopAfter = 4
    const { stdout } = await cluster.baton(node, 'reload')
    assert.match(stdout, /node1 goes on in another process/)
    assert.equal([refusals(), node.child?.isOver], [4, true], 'the second process has taken it')
    const { pid } = JSON.parse(readFileSync(path.join(node.state, 'lock'), 'utf8')) as { pid: number }
    process.kill(pid, 'SIGTERM')
    await until(() => (isRunning(pid) ? undefined : true), 10_000, 'it stops')
  },
)

test.long(
  'a witness is replaced: its vote goes on, and carries the lease when another voter is gone',
  async (scope) => {
    const fixture = await startCluster(scope, 3, [], ['node3'])
    const { cluster, serviceAddress } = fixture
    const port = 7_777
    startEcho(scope, fixture, port)
    await addService(fixture, 'echo', String(port), 2, '--own', 'none')
    const { director, term } = await cluster.serving('echo')
    const other = cluster.named(director.name === 'node1' ? 'node2' : 'node1')
    const talkers = new LoopbackTalkers(cluster.folder, { address: serviceAddress, port }, CLIENTS)
    scope.defer(() => talkers.stop())
    await talkers.stand()
    talkers.brace()
    const witness = cluster.named('node3')
    await cluster.replace(witness)
    await cluster.settled()
    assertWhole(await talkers.report(), CLIENTS, 'a witness')
    const { node, electorate } = await witness.client.status()
    assert.equal([node.boot, node.replaced?.times, electorate.voters.length], [1, 1, 3])
    await cluster.kill(other)
    await new Promise((resolve) => setTimeout(resolve, 3 * LEASE_MS))
    const after = await cluster.serving('echo')
    assert.equal([after.director.name, after.term], [director.name, term], 'by the votes of director and witness alone')
  },
)

for (const way of ['`baton reload`', 'SIGHUP']) {
  test.long(`a service manager hears of a new main process: ${way}`, async (scope) => {
    const at = `@baton-replaced-${process.pid}-${way.length}`
    const heard = serviceManager(scope, at)
    if (heard === undefined) return
    process.env['NOTIFY_SOCKET'] = at
    scope.defer(() => void delete process.env['NOTIFY_SOCKET'])
    const { cluster } = await startCluster(scope, 1)
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('no node')
    assert.equal(heard(), ['READY=1\nSTATUS=up as node1'])
    const before = process.hrtime.bigint() / 1_000n
    if (way === 'SIGHUP') node.child?.kill('SIGHUP')
    else await cluster.baton(node, 'reload')
    const words: string[] = []
    const isUp = () => {
      words.push(...heard())
      return words.at(-1) === 'READY=1\nSTATUS=up as node1' ? true : undefined
    }
    await until(isUp, 20_000, () => `the new process is up: ${words.join(' | ')}`)
    const { pid } = JSON.parse(readFileSync(path.join(node.state, 'lock'), 'utf8')) as { pid: number }
    scope.defer(() => void (isRunning(pid) && process.kill(pid, 'SIGKILL')))
    assert.equal((await node.child?.ended)?.code, 0)
    const begun = words.filter((word) => word.startsWith('RELOADING=1\n'))
    assert.ok(begun.length >= 1, words.join(' | '))
    for (const word of begun) assert.ok(BigInt(/MONOTONIC_USEC=(\d+)/.exec(word)?.[1] ?? 0) >= before, word)
    assert.equal(words.slice(begun.length), [
      `MAINPID=${pid}\nREADY=1\nSTATUS=replaced by process ${pid}`,
      'READY=1\nSTATUS=up as node1',
    ])
    process.kill(pid, 'SIGTERM')
    await until(() => (isRunning(pid) ? undefined : true), 10_000, 'it stops')
    assert.equal(heard(), ['STOPPING=1\nSTATUS=stopping: SIGTERM'])
  })
}

test.long(
  'a node on the portable engine says why it cannot be replaced, and the way out; a service manager, that it goes on',
  async (scope) => {
    const at = `@baton-replaced-${process.pid}-net`
    const heard = serviceManager(scope, at)
    if (heard === undefined) return
    process.env['NOTIFY_SOCKET'] = at
    scope.defer(() => void delete process.env['NOTIFY_SOCKET'])
    const { cluster } = await startCluster(scope, 1, ['--engine', 'net'])
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('no node')
    const said = await cluster.baton(node, 'up', '--replace').then(
      () => '',
      (error: { stderr?: string }) => error.stderr ?? '',
    )
    assert.match(said.replace(/\s+/g, ' '), /portable engine cannot hand connections over.*stop the node in order/)
    heard()
    node.child?.kill('SIGHUP')
    const words: string[] = []
    const isOver = () => {
      words.push(...heard())
      return words.length >= 2 ? true : undefined
    }
    await until(isOver, 20_000, 'it has been tried')
    assert.match(words[0] ?? '', /^RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=a new process starts$/)
    assert.match(words[1] ?? '', /^READY=1\nSTATUS=not replaced: the new process has ended with exit code \d+$/)
    assert.is((await node.client.status()).node.state, 'running')
  },
)

/** A service that is another one each time, which lanes are told of. */
function change(i: number): ServiceWrite {
  const fields = { address: '127.0.0.1', ports: String(20_000 + (i % 1_000)), own: 'none' }
  return { mode: i === 0 ? 'create' : 'set', fields, force: true }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.run()
