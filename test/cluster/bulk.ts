import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { addService, startCluster } from './fixture.js'

const DIRECTOR_RSS_BYTES_MAX = 300 * 2 ** 20

/** Sends `total` bytes made from one random block, as fast as the socket takes them; the hash of what was sent. */
async function send(socket: net.Socket, total: number): Promise<string> {
  const hash = createHash('sha1')
  const block = randomBytes(1 << 20)
  for (let sent = 0; sent < total; sent += block.length) {
    block.writeUInt32LE(sent / block.length)
    const copy = Buffer.from(block)
    hash.update(copy)
    if (!socket.write(copy)) await once(socket, 'drain')
  }
  socket.end()
  return hash.digest('hex')
}

/** Reads to the end, with `stallMs` of not reading at the beginning; the hash and the count of what came. */
async function receive(socket: net.Socket, stallMs: number): Promise<{ hash: string; bytes: number }> {
  const hash = createHash('sha1')
  let bytes = 0
  await new Promise((resolve) => setTimeout(resolve, stallMs))
  // Not `for await`: it destroys the socket at the end of one direction.
  socket.on('data', (chunk) => {
    hash.update(chunk)
    bytes += chunk.length
  })
  await once(socket, 'end')
  return { hash: hash.digest('hex'), bytes }
}

function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1] ?? 0) * 1_024
}

/** `total` bytes each way at once through one splice that crosses a data link, with readers that stall at first. */
export async function bulkBothWays(scope: Scope, total: number): Promise<void> {
  const fixture = await startCluster(scope)
  const { cluster } = fixture
  const programs: { sent?: string; received?: { hash: string; bytes: number } }[] = []
  for (const address of fixture.addresses) {
    const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
      const mine: { sent?: string; received?: { hash: string; bytes: number } } = {}
      programs.push(mine)
      const [sent, received] = await Promise.all([send(socket, total), receive(socket, 1_500)])
      Object.assign(mine, { sent, received })
    })
    server.listen(8083, address)
    await once(server, 'listening')
    scope.defer(() => void server.close())
  }
  await addService(fixture, 'bulk', '8083', 3, '--local', 'last')
  const { director } = await cluster.serving('bulk')
  const pid = cluster.named(director.name).child?.pid ?? 0
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid))
  }, 100)
  scope.defer(() => clearInterval(watch))
  const client = net.connect({ host: fixture.serviceAddress, port: 8083, allowHalfOpen: true })
  await once(client, 'connect')
  const [sent, received] = await Promise.all([send(client, total), receive(client, 3_000)])
  const program = await until(() => programs.find((one) => one.received !== undefined), 20_000, 'the program is done')
  assert.is(received.bytes, total)
  assert.is(program.received?.bytes, total)
  assert.is(program.received?.hash, sent, 'client to program')
  assert.is(received.hash, program.sent, 'program to client')
  assert.ok(peak > 0 && peak < DIRECTOR_RSS_BYTES_MAX, `resident ${Math.round(peak / 2 ** 20)} MiB at most`)
}
