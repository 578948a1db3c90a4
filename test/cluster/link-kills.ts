/** Data links of a real cluster killed again and again by the kernel, under splices that carry bytes both ways. */
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Prng } from '../../src/base/prng.js'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope } from '../harness/suite.js'
import { addService, type Fixture, startCluster } from './fixture.js'

const SPLICES = 6
const PORT = 8084
/** Of data links: one for each lane. */
const DATA_PORTS = [7441, 7442]

interface Ends {
  sent: string
  received: string
  bytes: number
}

/** Sends and hears until `isOver`, and then to the end; what both were, by hash. */
async function talk(socket: net.Socket, isOver: () => boolean): Promise<Ends> {
  const [out, back] = [createHash('sha1'), createHash('sha1')]
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    back.update(chunk)
    bytes += chunk.length
  })
  const ended = once(socket, 'end')
  const block = randomBytes(1 << 16)
  for (let count = 0; !isOver(); count++) {
    block.writeUInt32LE(count)
    const copy = Buffer.from(block.subarray(0, 1 + ((count * 7_919) % block.length)))
    out.update(copy)
    if (!socket.write(copy)) await once(socket, 'drain')
    // Small and large pieces, and gaps between them.
    if (count % 16 === 0) await pause(1)
  }
  socket.end()
  await ended
  return { sent: out.digest('hex'), received: back.digest('hex'), bytes }
}

/** Data links between nodes of this cluster; `-K`: each gets an RST at both ends. */
function links({ addresses }: Fixture, ...options: '-K'[]): number {
  const block = addresses[0]?.replace(/\d+$/, '0/24') ?? ''
  const ports = DATA_PORTS.map((port) => `sport = :${port}`).join(' or ')
  const found = execFileSync('ss', [...options, '-H', '-tn', 'state', 'established', 'src', block, `( ${ports} )`])
  return found.toString().split('\n').filter(Boolean).length
}

export async function killLinksUnderLoad(scope: Scope, kills: number): Promise<void> {
  const fixture = await startCluster(scope)
  const { cluster } = fixture
  let isOver = false
  const programs: Promise<Ends & { peer: string }>[] = []
  for (const address of fixture.addresses) {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      // The client says first which one it is.
      socket.once('readable', () => {
        const peer = String(socket.read(1))
        programs.push(talk(socket, () => isOver).then((ends) => ({ ...ends, peer })))
      })
    })
    server.listen(PORT, address)
    await once(server, 'listening')
    scope.defer(() => void server.close())
  }
  await addService(fixture, 'talk', String(PORT), 3, '--local', 'last')
  const failures: string[] = []
  const clients = Array.from({ length: SPLICES }, async (_, i) => {
    const client = net.connect({ host: fixture.serviceAddress, port: PORT, allowHalfOpen: true })
    client.on('error', (error) => failures.push(`client ${i}: ${error.message}`))
    await once(client, 'connect')
    client.write(String(i))
    return talk(client, () => isOver)
  })
  // A client that no node can be asked for is refused: links are killed under those that are served.
  await until(() => (programs.length === SPLICES ? true : undefined), 20_000, 'all are served')
  const random = new Prng(11)
  let killed = 0
  for (let i = 0; i < kills && failures.length === 0; i++) {
    await until(() => (links(fixture) > 0 ? true : undefined), 10_000, 'there is a link again')
    await pause(random.between(30, 200))
    killed += links(fixture, '-K')
  }
  isOver = true
  const ends = await Promise.all(clients)
  const others = await until(
    async () => (programs.length === SPLICES ? await Promise.all(programs) : undefined),
    20_000,
    'all programs are done',
  )
  assert.equal(failures, [])
  assert.ok(killed >= kills, `${killed} sockets of data links killed in ${kills} rounds`)
  for (const [i, end] of ends.entries()) {
    const other = others.find(({ peer }) => peer === String(i))
    assert.equal([other?.received, end.received], [end.sent, other?.sent], `splice ${i}, ${end.bytes} bytes`)
    assert.ok(end.bytes > 0)
  }
  const status = await Promise.all(cluster.live().map((node) => node.client.status()))
  const resumed = status.reduce((sum, { counters }) => sum + counters.resumed, 0)
  assert.ok(resumed >= kills, `splices went on ${resumed} times over another link`)
}
