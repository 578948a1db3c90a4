/** Runs somebody else's program for one test: started in the foreground, waited for, stopped by its own pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

import { programPath } from '../harness/programs.js'
import type { Scope } from '../harness/suite.js'

const READY_POLL_MS = 20
const STOP_MS = 2_000
const OUTPUT_CHARS_MAX = 64 * 1024

export interface DaemonOptions {
  /** A name on the PATH (or in sbin). It must stay in the foreground. */
  readonly program: string
  readonly args: readonly string[]
  /** Asked again and again until it says yes, such as `() => accepts(address, port)`. */
  readonly ready: () => Promise<boolean>
  readonly readyMs?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Daemon {
  readonly pid: number
  /** Standard output and error so far, the last 64 Ki characters. */
  output(): string
  /** SIGTERM, SIGKILL after 2 s; returns when the process is gone. May be called twice. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A daemon that serves one address. */
export interface Server extends Daemon {
  readonly address: string
  readonly port: number
}

const running = new Set<ChildProcess>()

/** Stopped at the latest when the test ends. Rejects with the program's own words if it ends before it is ready. */
export async function startDaemon(scope: Scope, options: DaemonOptions): Promise<Daemon> {
  const child = spawn(programPath(options.program), options.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  let output = ''
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  killWithUs(child)
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => stopChild(child, signal)
  scope.defer(() => stop())
  await becomesReady(child, options, () => output)
  return { pid: child.pid ?? 0, output: () => output, stop }
}

async function becomesReady(child: ChildProcess, options: DaemonOptions, output: () => string): Promise<void> {
  const deadline = Date.now() + (options.readyMs ?? 5_000)
  let spawnError: Error | undefined
  child.once('error', (error) => {
    spawnError = error
  })
  while (!(await options.ready())) {
    const ended = spawnError?.message ?? (hasEnded(child) ? `exit ${child.exitCode ?? child.signalCode}` : undefined)
    if (ended !== undefined) throw new Error(`${options.program} ended before it was ready: ${ended}\n${output()}`)
    if (Date.now() > deadline) throw new Error(`${options.program} is not ready\n${output()}`)
    await delay(READY_POLL_MS)
  }
  // Somebody else's program may answer on the port that ours failed to get.
  if (hasEnded(child)) throw new Error(`${options.program} ended, but its port answers\n${output()}`)
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(impatience)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** A test run that breaks off leaves no daemon behind (but for SIGKILL, against which nothing helps). */
function killWithUs(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', killAll)
  running.add(child)
  child.once('exit', () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', killAll)
  })
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}
