/**
 * What clients and the LAN see when a director of owned addresses fails: a prober on another host asks for the addresses a
 * thousand times a second and connects anew every 5 ms; what it saw is judged afterwards.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LocalCluster } from '../../src/lab/cluster.io.js'
import { type Host, Lan } from '../../src/lab/hosts.io.js'
import { until } from '../../src/lab/wait.io.js'
import type { Scope } from '../harness/scope.js'

const HELLO = fileURLToPath(new URL('../../dist/lab/apps/hello.io.js', import.meta.url))
const PROBER = fileURLToPath(new URL('./prober.ts', import.meta.url))
export const ADDRESS = '10.77.9.9'
const ADDRESS6 = 'fd77::9:9'
const PORT = 8080
const NAMES = ['a', 'b', 'c']

export const FAULTS = ['stop', 'kill', 'power-off', 'pause', 'cable-out', 'partition'] as const
export type Fault = (typeof FAULTS)[number]

/** Of one fault. */
export interface Outcome {
  readonly fault: Fault | 'none'
  /** Without a new connection that worked. */
  readonly outageMs: number
  /** By address: how long nobody answered for it between its former host and the next. */
  readonly handoverMs: Readonly<Record<string, number>>
  /** Who answered for an address in turn, where two of them did so at once. */
  readonly twins: readonly string[]
}

/** A director tells of its address several times in its first second, and keeps it for a lease at least. */
const HELD_MS_MIN = 200

interface Run {
  readonly who: string
  readonly from: number
  to: number
}

interface Seen {
  readonly at: number
  readonly what: string
  readonly who: string
}

export class FaultSite {
  private constructor(
    readonly lan: Lan,
    readonly cluster: LocalCluster,
    private readonly log: string,
  ) {}

  static async build(scope: Scope, profile: string): Promise<FaultSite> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-faults-'))
    const plans = [...NAMES, 'client'].map((name, i) => ({ name, number: i + 1 }))
    const lan = await Lan.make(plans, folder)
    scope.defer(async () => {
      await lan.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const cluster = await LocalCluster.start({
      addresses: NAMES.map((name) => lan.named(name).address),
      names: NAMES,
      upArguments: ['--profile', profile],
      folder: path.join(folder, 'state'),
      start: (name, command, output) => lan.named(name).start('baton', command, output),
    })
    await cluster.settled()
    for (const name of NAMES) startHello(lan.named(name))
    const [first] = cluster.nodes
    if (first === undefined) throw new Error('no node')
    for (const [name, address] of [
      ['web', ADDRESS],
      ['web6', ADDRESS6],
    ] as const) {
      await cluster.baton(first, 'service', 'add', name, '--address', address, '--ports', String(PORT))
      await cluster.serving(name)
    }
    const client = lan.named('client')
    const log = path.join(folder, 'prober.log')
    const command = [process.execPath, '--import', 'tsx', PROBER, client.address, String(PORT), ADDRESS, ADDRESS6]
    client.start('prober', command, log)
    const site = new FaultSite(lan, cluster, log)
    await until(
      () => (site.#seen().some(({ what }) => what === 'connected') ? true : undefined),
      10_000,
      'clients connect',
    )
    return site
  }

  /** The director of the first address fails; when all is well again it is the same as before, with another director. */
  async suffer(fault: Fault | 'none'): Promise<Outcome> {
    const { lan, cluster } = this
    const { director } = await cluster.serving('web')
    const host = lan.named(director.name)
    const others = lan.hosts.filter((one) => one !== host)
    await settleDown()
    const at = now()
    if (fault === 'stop') cluster.named(host.name).child?.kill('SIGTERM')
    else if (fault === 'kill') cluster.named(host.name).child?.kill('SIGKILL')
    else if (fault === 'power-off') await host.powerOff()
    else if (fault === 'pause') cluster.named(host.name).child?.kill('SIGSTOP')
    else if (fault === 'cable-out') await host.cableOut()
    else if (fault === 'partition') await lan.partition([host], others)
    await until(() => (this.#isElsewhere(at) ? true : undefined), 20_000, `another host answers after ${fault}`)
    await settleDown()
    const outageMs = this.#outage(at)
    if (fault === 'pause') cluster.named(host.name).child?.kill('SIGCONT')
    if (fault === 'cable-out' || fault === 'power-off') await host.cableIn()
    if (fault === 'partition') await lan.heal()
    if (fault === 'stop' || fault === 'kill' || fault === 'power-off') {
      cluster.up(cluster.named(host.name))
      if (fault === 'power-off') startHello(host)
    }
    await cluster.settled(60_000)
    await settleDown()
    const handoverMs = Object.fromEntries([ADDRESS, ADDRESS6].flatMap((address) => this.#handover(address, at)))
    const twins = [ADDRESS, ADDRESS6].flatMap((address) => this.#twins(address, at))
    return { fault, outageMs, handoverMs, twins }
  }

  /** The longest time without the beginning of a connection that worked. */
  #outage(since: number): number {
    const worked = this.#seen().flatMap(({ what, who }) => (what === 'connected' ? Number(who) : []))
    const around = worked.filter((at) => at > since - 100)
    return Math.max(...around.map((at, i) => at - (around[i - 1] ?? at)))
  }

  /** The first address has another answerer than before. */
  #isElsewhere(since: number): boolean {
    return this.#handover(ADDRESS, since).length > 0
  }

  /** When the address first changed hands; none if it did not. */
  #handover(address: string, since: number): (readonly [string, number])[] {
    const [first, second] = this.#runs(address, since)
    return first === undefined || second === undefined ? [] : [[address, second.from - first.to]]
  }

  /** Of two that answer at once the answers come in turn: one holds it for less than any director does. */
  #twins(address: string, since: number): string[] {
    const runs = this.#runs(address, since)
    const isShort = runs.slice(1, -1).some(({ from, to }) => to - from < HELD_MS_MIN)
    return isShort
      ? [`${address}: ${runs.map(({ who, from, to }) => `${who} ${(to - from).toFixed(1)} ms`).join(', ')}`]
      : []
  }

  /** Who answered for the address without another in between, in turn. */
  #runs(address: string, since: number): Run[] {
    const runs: Run[] = []
    for (const { at, what, who } of this.#seen()) {
      if (what !== address || at < since - 500) continue
      const last = runs.at(-1)
      if (last?.who === who) last.to = at
      else runs.push({ who, from: at, to: at })
    }
    return runs
  }

  #seen(): Seen[] {
    const lines = readFileSync(this.log, 'utf8').split('\n').slice(0, -1)
    // Of the last minute or so: a thousand lines a second and address.
    return lines.slice(-200_000).map((line) => {
      const [at, what = '', who = ''] = line.split(' ')
      return { at: Number(at), what, who }
    })
  }
}

function startHello(host: Host): void {
  host.start('hello', [process.execPath, HELLO, host.name, '0.0.0.0', String(PORT)])
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Long enough for leases and announcements to be in their ordinary course. */
function settleDown(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000))
}
