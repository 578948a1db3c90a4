/** Connections that come and go at full load: memory stays flat, no descriptor is lost. `SOAK_S=60` for a shorter look. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../src/lab/wait.io.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { addService, type Fixture, startCluster, startHello } from './fixture.js'

const seconds = Number(process.env['SOAK_S'] ?? 600)
const test = suite('cluster/soak', (seconds + 90) * 1_000)
const SAMPLE_EVERY_MS = 2_000
/** Of the last third against the one before: less than what a leak of 4 KiB for each of a million splices would add. */
const GROWTH_MAX = 1.15

interface Sample {
  readonly rssBytes: number
  readonly descriptors: number
}

function sample(pid: number): Sample {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { rssBytes: Number(match?.[1] ?? 0) * 1_024, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

function load(scope: Scope, url: string, ...more: string[]): Promise<string> {
  const wrk = spawn('wrk', ['-t1', `-d${seconds}s`, ...more, url])
  scope.defer(() => void wrk.kill())
  let report = ''
  wrk.stdout.on('data', (chunk: Buffer) => {
    report += chunk.toString()
  })
  return new Promise((resolve) => wrk.once('close', () => resolve(report)))
}

test(
  `${seconds} s at full load with connections that come and go: flat memory, no descriptor lost`,
  async (scope) => {
    const fixture: Fixture = await startCluster(scope)
    const { cluster, serviceAddress } = fixture
    startHello(scope, fixture, 8080)
    await addService(fixture, 'web', '8080', 3)
    const pids = cluster.nodes.map(({ child }) => child?.pid ?? 0)
    const before = pids.map(sample)
    const url = `http://${serviceAddress}:8080/`
    const loads = [load(scope, url, '-c40', '-H', 'Connection: close'), load(scope, url, '-c20')]
    const samples: Sample[][] = []
    const end = Date.now() + seconds * 1_000
    while (Date.now() < end) {
      await pause(SAMPLE_EVERY_MS)
      samples.push(pids.map(sample))
    }
    const reports = await Promise.all(loads)
    const isIdle = async () => {
      const status = await Promise.all(cluster.live().map((node) => node.client.status()))
      return status.every(({ counters }) => counters.active === 0) ? status : undefined
    }
    const status = await until(isIdle, 30_000, 'all splices are over')
    await pause(1_000)
    const accepted = status.reduce((sum, { counters }) => sum + counters.accepted, 0)
    for (const [i, pid] of pids.entries()) {
      const rss = samples.map((row) => row[i]?.rssBytes ?? 0)
      const third = Math.floor(rss.length / 3)
      const [middle, last] = [rss.slice(third, 2 * third), rss.slice(-third)].map(median)
      const name = cluster.nodes[i]?.name
      const mib = [before[i]?.rssBytes ?? 0, middle ?? 0, last ?? 0].map((bytes) => Math.round(bytes / 2 ** 20))
      console.log(`${name}: ${mib.join(', ')} MiB before, in the middle, at the end`)
      assert.ok((last ?? 0) < (middle ?? 0) * GROWTH_MAX, `${name} grew: ${mib.join(', ')} MiB`)
      const descriptors = sample(pid).descriptors
      assert.ok(descriptors <= (before[i]?.descriptors ?? 0) + 2, `${name}: ${descriptors} descriptors at the end`)
    }
    console.log(`${accepted} connections; ${reports.map((report) => report.trim().split('\n').at(-2)).join('; ')}`)
    assert.ok(accepted > seconds * 100, `${accepted} connections are no load`)
  },
  { needs: ['wrk'] },
)

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}

test.run()
