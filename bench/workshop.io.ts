/**
 * Everything that a run makes: one temporary folder and the processes started from here. `close` ends the processes by
 * their ids, newest first, runs what else was deferred, and removes the folder; main.ts calls it on every way out.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

/** 10,000 splices are 20,000 sockets in a proxy; where 65,536 are not allowed, as many as are. */
const RAISE_FILES = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; '
const END_LIMIT_MS = 8_000

export interface Child {
  readonly name: string
  readonly pid: number
  readonly log: string
  readonly ended: Promise<number>
  end(): Promise<void>
}

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export class Workshop {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'baton-bench-'))
  /** Open files that each child may have. */
  readonly filesMax = Number(execFileSync('bash', ['-c', `${RAISE_FILES}ulimit -n`], { encoding: 'utf8' }))
  #folders = 0
  #ends: (() => Promise<void> | void)[] = []
  #closing: Promise<void> | undefined

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** A new folder. */
  fresh(name: string): string {
    this.#folders += 1
    const folder = this.path(`${name}-${this.#folders}`)
    mkdirSync(folder)
    return folder
  }

  defer(end: () => Promise<void> | void): void {
    this.#ends.push(end)
  }

  /** A command at the end, when nothing else may be started any more. */
  deferBlocking([file = '', ...args]: readonly string[]): void {
    this.defer(() => {
      execFileSync(file, args, { stdio: 'ignore' })
    })
  }

  /** A process that lives until it is ended; its output is in a file. */
  start(name: string, command: readonly string[], cwd = this.folder): Child {
    // Anew each time: what an earlier process of the name said is not this one's.
    const log = path.join(this.fresh(name), 'log')
    const descriptor = openSync(log, 'a')
    const process = this.#spawn(command, cwd, descriptor)
    closeSync(descriptor)
    const pid = process.pid
    if (pid === undefined) throw new Error(`${name} does not start: ${command.join(' ')}`)
    const ended = exitOf(process)
    const end = async () => {
      if (process.exitCode === null && process.signalCode === null) process.kill('SIGTERM')
      const hard = setTimeout(() => process.kill('SIGKILL'), END_LIMIT_MS)
      await ended
      clearTimeout(hard)
    }
    this.defer(end)
    return { name, pid, log, ended, end }
  }

  /** A process that is waited for. */
  async run(command: readonly string[], limitMs = 60_000, cwd = this.folder): Promise<Output> {
    const process = this.#spawn(command, cwd, 'pipe')
    let [stdout, stderr] = ['', '']
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const limit = setTimeout(() => process.kill('SIGKILL'), limitMs)
    const kill = () => {
      process.kill('SIGKILL')
    }
    this.defer(kill)
    const code = await exitOf(process)
    clearTimeout(limit)
    this.#ends = this.#ends.filter((end) => end !== kill)
    return { code, stdout, stderr }
  }

  /** As `run`, where anything but success ends the whole. */
  async must(command: readonly string[], limitMs?: number, cwd?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, limitMs, cwd)
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${(stderr || stdout).slice(-2_000)}`)
    return stdout
  }

  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  close(): Promise<void> {
    this.#closing ??= this.#endAll()
    return this.#closing
  }

  async #endAll(): Promise<void> {
    for (let end = this.#ends.pop(); end !== undefined; end = this.#ends.pop()) await end()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #spawn(command: readonly string[], cwd: string, output: number | 'pipe'): ChildProcess {
    if (this.#closing !== undefined) throw new Error('the run is being ended')
    // A group of its own: Ctrl-C reaches only the runner, which then ends all in order.
    return spawn('bash', ['-c', `${RAISE_FILES}exec "$@"`, 'bash', ...command], {
      cwd,
      detached: true,
      stdio: ['ignore', output, output],
    })
  }
}

function exitOf(process: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    process.once('error', () => resolve(127))
    process.once('close', (code) => resolve(code ?? 128))
  })
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Asks again until there is an answer. */
export async function until<T>(what: string, limitMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1_000} s for ${what}`)
    await pause(100)
  }
}

export async function listening(child: Child, host: string, port: number): Promise<void> {
  let gone = false
  void child.ended.then(() => {
    gone = true
  })
  await until(`${child.name} to listen`, 10_000, async () => {
    if (gone) throw new Error(`${child.name} ended at once: ${readFileSync(child.log, 'utf8').slice(-2_000)}`)
    return (await accepts(host, port)) ? true : undefined
  })
}

export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const done = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}
