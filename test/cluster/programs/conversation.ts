import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Host } from '../../../src/lab/hosts.io.js'
import { until } from '../../../src/lab/wait.io.js'
import type { Scope } from '../../harness/suite.js'

const HEAR_MS_MAX = 10_000
const NUDGE_EVERY_MS = 500

/** A program on a host that is typed to, and whose words are read. */
export class Conversation {
  #said = ''
  #end: string | undefined

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString('latin1')
      })
    }
    child.stdin?.on('error', () => {})
    child.once('error', (error) => {
      this.#end = error.message
    })
    child.once('close', (code, signal) => {
      this.#end = `ended with ${code ?? signal}`
    })
  }

  static start(scope: Scope, on: Host, ...command: string[]): Conversation {
    const [program = '', ...args] = ['setpriv', '--pdeathsig', 'KILL', ...on.namespace.enter, ...command]
    const child = spawn(program, args, { env: { ...process.env, LC_ALL: 'C', TERM: 'xterm' } })
    const conversation = new Conversation(child)
    scope.defer(() => conversation.stop())
    return conversation
  }

  async stop(): Promise<void> {
    if (this.#end !== undefined) return
    const closed = once(this.child, 'close')
    this.child.kill('SIGKILL')
    await closed
  }

  /** All that it has said, on both of its outputs. */
  get said(): string {
    return this.#said
  }

  /** How it ended; `undefined`: it has not. */
  get end(): string | undefined {
    return this.#end
  }

  say(text: string): void {
    this.child.stdin?.write(text)
  }

  /** Whatever matches in what it said from `since` on. */
  hears(pattern: RegExp, since = 0, limitMs = HEAR_MS_MAX): Promise<RegExpExecArray> {
    return until(
      () => {
        const match = pattern.exec(this.#said.slice(since))
        if (match === null && this.#end !== undefined) throw new Error(`${this.#end}; its last words: ${this.#tail()}`)
        return match ?? undefined
      },
      limitMs,
      () => `${pattern} is heard; last words: ${this.#tail()}`,
      5,
    )
  }

  /**
   * As `hears`, of `curl telnet://`: at times that waits in read(2) for a next line while what it was sent lies in its socket's
   * queue (seen by `ss` and /proc/PID/stack). It is given empty lines until it looks.
   */
  async curlHears(pattern: RegExp, since = 0): Promise<RegExpExecArray> {
    const nudge = setInterval(() => this.say('\n'), NUDGE_EVERY_MS)
    try {
      return await this.hears(pattern, since)
    } finally {
      clearInterval(nudge)
    }
  }

  /** Says a word to `curl telnet://`, and hears it from the other end. */
  async echoes(word: string): Promise<void> {
    const since = this.#said.length
    this.say(`${word}\n`)
    await this.curlHears(new RegExp(`${word}\n`), since)
  }

  /** To its end in order; `code` 0. */
  async finished(limitMs: number): Promise<void> {
    const end = await until(
      () => this.#end,
      limitMs,
      () => `it ends; last words: ${this.#tail()}`,
      20,
    )
    if (end !== 'ended with 0') throw new Error(`${end}; last words: ${this.#tail()}`)
  }

  #tail(): string {
    return JSON.stringify(this.#said.slice(-400))
  }
}
