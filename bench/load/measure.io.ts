/** One measurement of one peer: the load program runs, and what the proxy's processes used meanwhile is counted. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { programPath } from '../installed.io.js'
import { PORTS, type RunningPeer } from '../peer.js'
import { cpuNsBetween, cpuTimes, descendants, residentBytes } from '../usage.io.js'
import type { Sample, Work } from '../work.js'
import { pause, until, type Workshop } from '../workshop.io.js'
import { iperfArgs, parseIperf } from './iperf.js'
import { parseWrk, WRK_SCRIPT, wrkArgs } from './wrk.js'

const RATE_CLIENT = fileURLToPath(new URL('rate-main.mjs', import.meta.url))
const IDLE_CLIENT = fileURLToPath(new URL('idle-main.mjs', import.meta.url))
/** After the last idle connection stands, before memory is read: buffers of the start go back. */
const SETTLE_MS = 3_000

export interface Target {
  readonly peer: RunningPeer
  readonly host: string
}

/** A load of `seconds`; `perSecond` is for constant rates only. */
export async function measure(
  shop: Workshop,
  target: Target,
  work: Work,
  seconds: number,
  perSecond = 0,
): Promise<Sample> {
  const { host } = target
  const pids = target.peer.processes.flatMap(({ pid }) => descendants(pid))
  const limitMs = seconds * 1_000 + 20_000
  const before = cpuTimes(pids)
  const cpuUs = (units: number) => cpuNsBetween(before, cpuTimes(pids)) / 1_000 / units
  switch (work.kind) {
    case 'wrk': {
      const script = shop.path('wrk.lua')
      writeFileSync(script, WRK_SCRIPT)
      const args = wrkArgs(script, `http://${host}:${PORTS.http}/`, work.connections, seconds, work.isNew)
      const result = parseWrk(await shop.must([programPath('wrk'), ...args], limitMs))
      const { requests, p50Ms, p99Ms, p999Ms, errors } = result
      return { cpuUs: cpuUs(requests), perSecond: requests / result.seconds, p50Ms, p99Ms, p999Ms, errors }
    }
    case 'bulk': {
      const args = iperfArgs(host, PORTS.bulk, seconds, work.isDown)
      const result = parseIperf((await shop.run([programPath('iperf3'), ...args], limitMs)).stdout)
      const gigabytes = result.bytes / 1e9
      return { cpuUs: cpuUs(gigabytes), perSecond: gigabytes / result.seconds }
    }
    case 'rate': {
      const numbers = [PORTS.http, work.connections, perSecond, seconds].map(String)
      const output = await shop.must([process.execPath, RATE_CLIENT, host, ...numbers], limitMs)
      const { requests, ...latency } = JSON.parse(output) as { requests: number } & Required<
        Pick<Sample, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'lagMs' | 'errors'>
      >
      return { cpuUs: cpuUs(requests), perSecond: requests / seconds, ...latency }
    }
    case 'idle':
      return { memoryBytes: await idleMemory(shop, target, work.connections) }
  }
}

/** The peer must be fresh: memory that an earlier load left behind would hide what these connections need. */
async function idleMemory(
  shop: Workshop,
  { peer, host }: Target,
  connections: number,
): Promise<Record<string, number>> {
  const resident = () => peer.processes.map(({ role, pid }) => [role, residentBytes(pid)] as const)
  const before = new Map(resident())
  const client = shop.start(`idle-${host}`, [
    process.execPath,
    IDLE_CLIENT,
    host,
    String(PORTS.http),
    String(connections),
  ])
  let code: number | undefined
  void client.ended.then((ended) => {
    code = ended
  })
  const log = () => readFileSync(client.log, 'utf8')
  await until(`${connections} idle connections`, 60_000, async () => {
    if (code !== undefined) throw new Error(`idle connections: ${log().slice(-500)}`)
    return log().includes('held') ? true : undefined
  })
  await pause(SETTLE_MS)
  if (code !== undefined) throw new Error(`idle connections did not last: ${log().slice(-500)}`)
  const after = resident()
  await client.end()
  return Object.fromEntries(after.map(([role, bytes]) => [role, (bytes - (before.get(role) ?? 0)) / connections]))
}
