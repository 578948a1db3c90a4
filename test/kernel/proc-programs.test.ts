/** Who holds a socket, from a folder that looks like /proc, and from this system's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'

import { realClock } from '../../src/base/real-clock.io.js'
import { ListenerPrograms } from '../../src/kernel/listener-programs.js'
import type { ListeningSocket } from '../../src/kernel/listening-socket.js'
import { ProcPrograms, visibleProcesses } from '../../src/kernel/proc-programs.io.js'
import { ProcSource } from '../../src/kernel/proc-source.io.js'
import { SocketTable } from '../../src/kernel/socket-table.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { freePort } from '../peers/ports.js'
import { tempDir } from '../peers/temp-dir.js'

const test = suite('kernel/proc-programs', 20_000)

interface FakeProcess {
  readonly comm: string | Uint8Array
  readonly parent?: number
  /** Descriptor → what the link says. */
  readonly fds?: Readonly<Record<number, string>>
}

async function addProcess(folder: string, pid: number, { comm, parent = 0, fds = {} }: FakeProcess): Promise<void> {
  const home = path.join(folder, String(pid))
  await mkdir(path.join(home, 'fd'), { recursive: true })
  await writeFile(path.join(home, 'comm'), comm)
  await writeFile(path.join(home, 'stat'), `${pid} (a) b (c) S ${parent} 1 1 0 -1 4194304 0\n`)
  for (const [fd, target] of Object.entries(fds)) await symlink(target, path.join(home, 'fd', fd))
}

function all<T>(steps: Generator<T>): T[] {
  return [...steps].filter((step) => step !== undefined)
}

test('processes, their sockets, names and parents are read from a folder like /proc', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  const files = { 0: '/dev/null', 1: 'pipe:[5]', 2: 'anon_inode:[eventpoll]' }
  await addProcess(folder, 812, { comm: 'nginx\n', parent: 1, fds: { ...files, 6: 'socket:[77]', 7: 'socket:[78]' } })
  await addProcess(folder, 90, { comm: Uint8Array.of(0x1b, 0x5b, 0x6d, 0xff, 0x0a) })
  await addProcess(folder, 900, { comm: 'this node\n', fds: { 3: 'socket:[1]' } })
  await addProcess(folder, 901, { comm: 'a child of it\n', parent: 900 })
  await writeFile(path.join(folder, 'uptime'), '1 1')
  const proc = new ProcPrograms(folder, 900)
  assert.equal(all(proc.newestFirst()), [901, 812, 90])
  const sockets = all(proc.socketsOf(812)).sort((a, b) => (a?.fd ?? 0) - (b?.fd ?? 0))
  assert.equal(sockets, [
    { inode: 77, fd: 6 },
    { inode: 78, fd: 7 },
  ])
  assert.equal([proc.socketAt(812, 7), proc.socketAt(812, 1), proc.socketAt(812, 99)], [78, undefined, undefined])
  assert.equal(proc.program(812), { pid: 812, name: 'nginx' })
  assert.equal(proc.program(90), { pid: 90, name: '?[m?' })
  assert.equal([proc.parentOf(812), proc.parentOf(90), proc.parentOf(901)], [1, undefined, undefined])
})

test('numbers below the last that was given out are tried first, and a thread stands for its process', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  for (const pid of [1, 30_000, 99, 101, 40_000]) await addProcess(folder, pid, { comm: 'a\n' })
  // 104 is a thread of 99, 103 one of 30000, 100 one of this process.
  for (const [number, pid] of [
    [99, 99],
    [100, 101],
    [101, 101],
    [103, 30_000],
    [104, 99],
  ] as const) {
    await mkdir(path.join(folder, String(number)), { recursive: true })
    await writeFile(path.join(folder, String(number), 'status'), `Name:\ta\nTgid:\t${pid}\nNgid:\t0\n`)
  }
  await writeFile(path.join(folder, 'loadavg'), '0.20 0.18 0.12 1/80 105\n')
  const order = all(new ProcPrograms(folder, 101).newestFirst())
  assert.equal(order.slice(0, 3), [99, 30_000, 40_000])
})

test('a process that is gone, or may not be read, holds nothing and has no name', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  await mkdir(path.join(folder, '7'))
  const proc = new ProcPrograms(folder)
  assert.equal([all(proc.socketsOf(7)), all(proc.socketsOf(8))], [[], []])
  assert.equal([proc.program(7), proc.parentOf(7)], [undefined, undefined])
  assert.equal(all(new ProcPrograms(path.join(folder, 'nothing')).newestFirst()), [])
})

test('many descriptors are read in pieces', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  const fds = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [i, '/dev/null']))
  await addProcess(folder, 7, { comm: 'many\n', fds: { ...fds, 200: 'socket:[9]' } })
  const steps = [...new ProcPrograms(folder).socketsOf(7)]
  assert.ok(steps.length >= 1 + Math.floor(201 / 32), `${steps.length} steps`)
  assert.equal(
    steps.filter((step) => step !== undefined),
    [{ inode: 9, fd: 200 }],
  )
})

test('what may be seen is counted, and a folder that hides is told', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  await addProcess(folder, 7, { comm: 'a\n' })
  await addProcess(folder, 8, { comm: 'b\n' })
  assert.equal(visibleProcesses(folder), { open: 2, tried: 2, isHidden: false })
  await mkdir(path.join(folder, 'self'))
  await writeFile(path.join(folder, 'self', 'mounts'), 'proc /proc proc rw,nosuid,hidepid=invisible 0 0\n')
  assert.is(visibleProcesses(folder).isHidden, true)
  await addProcess(folder, 1, { comm: 'init\n' })
  assert.is(visibleProcesses(folder).isHidden, false)
})

/** Runs until the test ends; the first line that it prints is awaited. */
async function nodeProgram(scope: Scope, script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  scope.defer(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await once(child.stdout, 'data')
  return child
}

/** A table of this system, and a wait for a state of it. */
function watched(scope: Scope) {
  let latest: readonly ListeningSocket[] = []
  let changed = () => {}
  const table = new SocketTable({
    clock: realClock(),
    source: new ProcSource(),
    onListeners: (list) => {
      latest = list
      changed()
    },
    onProblem: (problem) => assert.unreachable(problem?.why),
  })
  scope.defer(() => table.stop())
  table.start()
  const of = (port: number) => latest.find((socket) => socket.port === port)?.program
  const until = (port: number, pid: number | undefined) => {
    return new Promise<void>((resolve) => {
      changed = () => {
        if (of(port)?.pid === pid) resolve()
      }
      changed()
    })
  }
  return { of, until }
}

const PRINTS = "process.stdout.write('ready\\n')"

test("a child's listener has its pid and its name, within 200 ms of being there", async (scope) => {
  const { of, until } = watched(scope)
  const port = await freePort()
  const script = `process.title = 'a-listener'; require('net').createServer().listen(${port}, '127.0.0.1', () => ${PRINTS})`
  const child = await nodeProgram(scope, script)
  const startedAt = performance.now()
  await until(port, child.pid)
  const ms = performance.now() - startedAt
  assert.is(of(port)?.name, 'a-listener')
  assert.ok(ms < 200, `${ms} ms`)
  child.kill('SIGKILL')
  await until(port, undefined)
})

test('a master is named and not its worker; when it ends, the worker to which it gave the socket', async (scope) => {
  const { until } = watched(scope)
  const port = await freePort()
  // The worker has the socket as its descriptor 3, and as 4 the pipe from here: it lives until that ends.
  const worker = `new (require('net').Socket)({ fd: 4 }).resume(); ${PRINTS}`
  const script = `
    const server = require('net').createServer().listen(${port}, '127.0.0.1', () => {
      const worker = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(worker)}],
        { stdio: ['ignore', 'pipe', 'inherit', server._handle.fd, 3] })
      worker.stdout.once('data', () => process.stdout.write(worker.pid + '\\n'))
    })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const line = child.stdio[3] as net.Socket
  scope.defer(() => void child.kill('SIGKILL'))
  scope.defer(() => void line.destroy())
  const [said] = (await once(child.stdout as net.Socket, 'data')) as [Buffer]
  const workerPid = Number(said.toString())
  assert.ok(workerPid > 0)
  await until(port, child.pid)
  child.kill('SIGKILL')
  await until(port, workerPid)
  line.destroy()
  await until(port, undefined)
})

test('own listeners are nobody’s program, and a search on this system ends', async (scope) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.defer(() => void server.close())
  const { port } = server.address() as net.AddressInfo
  const source = new ProcSource()
  scope.defer(() => source.close())
  const sockets = source.look()
  const inode = 'why' in sockets ? 0 : (sockets.find((socket) => socket.port === port)?.inode ?? 0)
  const programs = new ListenerPrograms(realClock(), new ProcPrograms(), () => {})
  scope.defer(() => programs.stop())
  programs.want([inode])
  assert.is(programs.of(inode), undefined)
})

test.run()
