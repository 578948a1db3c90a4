/** A command of the program in a terminal of its own, made by script(1): what it writes, keys that are typed, a window that changes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../../src/lab/wait.io.js'
import { programPath } from '../harness/programs.js'
import type { Scope } from '../harness/suite.js'

const BATON = fileURLToPath(new URL('../../bin/baton.js', import.meta.url))

export class Terminal {
  readonly #screen: string
  readonly #tty: string
  readonly ended: Promise<number | null>

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    this.#screen = ''
    this.#tty = path.join(folder, 'tty')
    this.ended = new Promise((resolve) => child.once('exit', resolve))
  }

  /** Afterwards the shell says how the terminal is: `left` and the settings of stty(1). */
  static start(scope: Scope, words: readonly string[], environment: Readonly<Record<string, string>> = {}): Terminal {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-terminal-'))
    const quoted = [process.execPath, BATON, ...words].map((word) => `'${word}'`).join(' ')
    const command = `tty > ${folder}/tty; stty rows 24 cols 90; ${quoted}; echo "left $?"; stty -a > ${folder}/after`
    const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TERM: 'xterm', ...environment }
    const child = spawn(programPath('script'), ['-qefc', command, path.join(folder, 'typescript')], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const terminal = new Terminal(child, folder)
    scope.defer(async () => {
      child.kill('SIGKILL')
      await terminal.ended
      rmSync(folder, { recursive: true, force: true })
    })
    return terminal
  }

  /** All that was written to it so far. */
  get written(): string {
    try {
      return readFileSync(path.join(this.folder, 'typescript'), 'utf8')
    } catch {
      return this.#screen
    }
  }

  /** The last whole screen, without codes. */
  get screen(): string {
    const last = this.written.split('\u001b[H').at(-1) ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how codes begin
    return last.replace(/\u001b\[[0-9;?]*[a-zA-Z]|\r/g, '')
  }

  type(keys: string): void {
    this.child.stdin?.write(keys)
  }

  async resize(rows: number, columns: number): Promise<void> {
    const device = readFileSync(this.#tty, 'utf8').trim()
    const stty = spawn(programPath('stty'), ['-F', device, 'rows', String(rows), 'cols', String(columns)])
    await new Promise((resolve) => stty.once('exit', resolve))
  }

  shows(what: RegExp): Promise<string> {
    return until(
      () => (what.test(this.screen) ? this.screen : undefined),
      10_000,
      () => `${what} is shown:\n${this.screen}`,
    )
  }

  /** How the terminal is after the command, as stty(1) says. */
  get settings(): string {
    return readFileSync(path.join(this.folder, 'after'), 'utf8')
  }
}
