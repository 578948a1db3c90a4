/** The socket table against this system's kernel. */
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'

import { realClock } from '../../src/base/real-clock.io.js'
import { DiagSource } from '../../src/kernel/diag-source.io.js'
import { isProblem, type ListeningSocket, type SocketSource } from '../../src/kernel/listening-socket.js'
import { OwnSockets } from '../../src/kernel/own-sockets.io.js'
import { ProcSource } from '../../src/kernel/proc-source.io.js'
import { SocketTable } from '../../src/kernel/socket-table.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { startDaemon } from '../peers/daemon.js'
import { accepts, freePort } from '../peers/ports.js'
import { tempDir } from '../peers/temp-dir.js'

const test = suite('kernel/socket-table against the kernel', 10_000)

async function listen(scope: Scope, address: string, options: net.ListenOptions = {}): Promise<number> {
  const server = net.createServer().listen({ port: 0, host: address, ...options })
  await once(server, 'listening')
  scope.defer(() => void server.close())
  return (server.address() as net.AddressInfo).port
}

/** Both, where the kernel and the sandbox let us ask sock_diag. */
function sources(scope: Scope): SocketSource[] {
  const diag = DiagSource.open()
  const all: SocketSource[] = [new ProcSource()]
  if (diag instanceof DiagSource) all.push(diag)
  else process.stderr.write(`\nSKIPPED  sock_diag: ${diag.why}\n`)
  for (const source of all) scope.defer(() => source.close())
  return all
}

function sockets(source: SocketSource): readonly ListeningSocket[] {
  const answer = source.look()
  if (isProblem(answer)) throw new Error(answer.why)
  return answer
}

test('both sources find a real listener, and a wildcard', async (scope) => {
  const [port, wildcard] = [await listen(scope, '127.0.0.1'), await listen(scope, '0.0.0.0')]
  for (const source of sources(scope)) {
    for (const [expectedPort, address] of [[port, '127.0.0.1'] as const, [wildcard, '0.0.0.0'] as const]) {
      const found = sockets(source).find((socket) => socket.port === expectedPort)
      assert.equal([found?.address, found?.uid], [address, process.getuid?.()], source.name)
    }
  }
})

test('sock_diag tells whether :: takes IPv4 too', async (scope) => {
  const [both, alone] = [await listen(scope, '::'), await listen(scope, '::', { ipv6Only: true })]
  const diag = sources(scope).find(({ name }) => name === 'sock_diag')
  if (diag === undefined) return
  const v6only = (port: number) => sockets(diag).find((socket) => socket.port === port)?.v6only
  assert.equal([v6only(both), v6only(alone)], [false, true])
})

test('connections do not hide listeners', async (scope) => {
  const server = net.createServer().listen(0, '127.0.0.1', 1_024)
  await once(server, 'listening')
  scope.defer(() => void server.close())
  const { port } = server.address() as net.AddressInfo
  for (let i = 0; i < 300; i++) {
    const socket = net.connect(port, '127.0.0.1')
    scope.defer(() => void socket.destroy())
    await once(socket, 'connect')
  }
  for (const source of sources(scope)) {
    assert.is(sockets(source).filter((socket) => socket.port === port).length, 1, source.name)
  }
})

test("this process's own sockets are known by their inodes", async (scope) => {
  const port = await listen(scope, '127.0.0.1')
  const inode = sockets(new ProcSource()).find((socket) => socket.port === port)?.inode ?? 0
  assert.equal([...new OwnSockets().among([inode, 1])], [inode])
})

test('the folder of descriptors is read only for an inode that is new', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  await mkdir(path.join(folder, 'self', 'fd'), { recursive: true })
  const own = new OwnSockets(folder)
  await symlink('socket:[7]', path.join(folder, 'self', 'fd', '3'))
  assert.equal([...own.among([7, 8])], [7])
  await symlink('socket:[8]', path.join(folder, 'self', 'fd', '4'))
  assert.equal([...own.among([7, 8])], [7])
  assert.equal([...own.among([7, 8, 9])], [7, 8])
})

test("another program's listener is told within 200 ms, and its end too; our own never is", async (scope) => {
  const said: ListeningSocket[][] = []
  let changed = () => {}
  const table = new SocketTable({
    clock: realClock(),
    onListeners: (list) => {
      said.push([...list])
      changed()
    },
    onProblem: (problem) => assert.unreachable(problem?.why),
  })
  scope.defer(() => table.stop())
  const ownPort = await listen(scope, '127.0.0.1')
  table.start()
  const port = await freePort()
  const isListed = () => said.at(-1)?.some((socket) => socket.port === port) ?? false
  const until = (listed: boolean) =>
    new Promise<void>((resolve) => {
      changed = () => {
        if (isListed() === listed) resolve()
      }
      changed()
    })
  const script = `require('net').createServer().listen(${port}, '127.0.0.1')`
  const program = await startDaemon(scope, {
    program: 'node',
    args: ['-e', script],
    ready: () => accepts('127.0.0.1', port),
  })
  const startedAt = performance.now()
  await until(true)
  assert.ok(performance.now() - startedAt < 200)
  await program.stop('SIGKILL')
  const stoppedAt = performance.now()
  await until(false)
  assert.ok(performance.now() - stoppedAt < 200)
  assert.not.ok(said.flat().some((socket) => socket.port === ownPort))
})

test('without /proc it says so', async (scope) => {
  const answer = new ProcSource(await tempDir(scope, 'proc')).look()
  assert.is(isProblem(answer) && answer.code, 'unsupported')
})

test('a table of another kind is read, without IPv6', async (scope) => {
  const folder = await tempDir(scope, 'proc')
  await mkdir(path.join(folder, 'net'))
  const line = '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0'
  await writeFile(path.join(folder, 'net', 'tcp'), `${line}\n`.repeat(2_000))
  const source = new ProcSource(folder)
  scope.defer(() => source.close())
  assert.is(sockets(source).length, 2_000)
})

test.run()
