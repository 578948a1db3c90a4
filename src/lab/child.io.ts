import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** Stands before a command that is to end with the process that starts it, also where that one is killed (util-linux). */
export const END_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--']

/** A process that ends when it is told to, by its own id; what it printed is in a file. */
export class Child {
  readonly #process: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #isOver = false

  constructor(
    readonly name: string,
    command: readonly [string, ...string[]],
    readonly output: string,
    environment: Readonly<Record<string, string>> = {},
  ) {
    const file = openSync(output, 'a', 0o600)
    const [program, ...args] = command
    this.#process = spawn(program, args, { stdio: ['ignore', file, file], env: { ...process.env, ...environment } })
    closeSync(file)
    this.ended = new Promise((resolve) => {
      this.#process.once('error', () => {
        this.#isOver = true
        resolve({ code: null, signal: null })
      })
      this.#process.once('exit', (code, signal) => {
        this.#isOver = true
        resolve({ code, signal })
      })
    })
  }

  get pid(): number {
    return this.#process.pid ?? -1
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** The last lines of what it printed, for an error message. */
  tail(lines = 8): string {
    return readFileSync(this.output, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isOver) this.#process.kill(signal)
  }

  /** SIGTERM, and SIGKILL for one that does not go within `graceMs`. */
  async stop(graceMs = 5_000): Promise<void> {
    if (this.#isOver) return
    this.kill('SIGTERM')
    const force = setTimeout(() => this.kill('SIGKILL'), graceMs)
    await this.ended
    clearTimeout(force)
  }
}
