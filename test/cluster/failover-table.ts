/**
 * `node --import tsx test/cluster/failover-table.ts [--times N] [--nodes 3,8] [--profiles lan,fast]`: fail-over with real
 * processes on loopback, for docs/election.md. The director is killed again and again; a client that asks every 5 ms says
 * when connections work again, and the logs say when another held the lease.
 */
import { mkdtempSync, readFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { helloProgram } from '../../src/lab/programs.io.js'
import { quantile } from '../sim/failover-measure.js'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '50' },
    nodes: { type: 'string', default: '3,8' },
    profiles: { type: 'string', default: 'lan,fast' },
  },
})
const BLOCK = '127.81.7'
const SERVED_MS_MAX = 10_000
const SERVICE = { host: `${BLOCK}.100`, port: 8080 }

interface Gaps {
  readonly lease: number[]
  readonly client: number[]
}

console.log(
  '| profile | n | kills | lease of the next: median | p99 | longest | connections again: median | p99 | longest |',
)
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const profile of values.profiles.split(',')) {
  for (const nodes of values.nodes.split(',').map(Number)) {
    const { lease, client } = await measure(profile, nodes, Number(values.times))
    const cells = [lease, client].flatMap((gaps) => [0.5, 0.99, 1].map((p) => `${quantile(gaps, p).toFixed(0)} ms`))
    console.log(`| ${profile} | ${nodes} | ${client.length} | ${cells.join(' | ')} |`)
  }
}

async function measure(profile: string, nodes: number, times: number): Promise<Gaps> {
  const addresses = Array.from({ length: nodes }, (_, i) => `${BLOCK}.${11 + i}`)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-failover-'))
  const cluster = await LocalCluster.start({ addresses, folder, upArguments: ['--profile', profile] })
  const programs = cluster.nodes.map(({ name, address }) => helloProgram(name, { address, port: 8080 }, folder, false))
  const gaps: Gaps = { lease: [], client: [] }
  try {
    const [first] = cluster.nodes
    if (first === undefined) return gaps
    await cluster.baton(first, 'service', 'add', 'web', '--address', SERVICE.host, '--ports', '8080')
    await cluster.settled()
    for (let i = 0; i < times; i++) {
      const { director } = await cluster.serving('web')
      // Beyond the silence of the voter that was started last.
      await pause(1_200 + 20 * (i % 10))
      const killed = cluster.named(director.name)
      const at = Date.now()
      killed.child?.kill('SIGKILL')
      gaps.client.push(await untilServed(at))
      await cluster.serving('web')
      gaps.lease.push(leaseAfter(cluster, killed.name, at) - at)
      await killed.child?.ended
      cluster.up(killed)
      await cluster.answers(killed)
      await cluster.settled()
    }
  } finally {
    for (const program of programs) await program.stop()
    await cluster.remove()
  }
  return gaps
}

/** Milliseconds until a connection to the service gets its answer. */
async function untilServed(since: number): Promise<number> {
  while (Date.now() < since + SERVED_MS_MAX) {
    if (await asks()) return Date.now() - since
    await pause(5)
  }
  throw new Error(`not served again within ${SERVED_MS_MAX} ms`)
}

function asks(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(SERVICE, () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('data', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => {})
    socket.once('close', () => resolve(false))
  })
}

/** When another node logged that it holds the lease. */
function leaseAfter(cluster: LocalCluster, killed: string, since: number): number {
  const times = cluster.nodes.flatMap(({ name, child }) => {
    if (name === killed || child === undefined) return []
    return readFileSync(child.output, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"lease-acquired"'))
      .map((line) => Date.parse((JSON.parse(line) as { at: string }).at))
  })
  return Math.min(...times.filter((time) => time >= since))
}
