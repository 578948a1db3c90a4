import { type ChildProcess, spawn } from 'node:child_process'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Host } from '../../../src/lab/hosts.io.js'

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url))

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly problem?: string
}

/** An agent on a host: agent.ts says what it can do. */
export class Agent {
  readonly #answers = new Map<number, (answer: Answer) => void>()
  readonly #child: ChildProcess
  readonly ended: Promise<void>
  #asked = 0

  constructor(host: Host) {
    const command = [...host.namespace.enter, process.execPath, '--import', 'tsx', AGENT]
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.ended = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    // A stopped agent is never told to end in vain.
    if (this.#child.stdin !== null) this.#child.stdin.on('error', () => {})
    if (this.#child.stdout !== null) {
      readline.createInterface(this.#child.stdout).on('line', (line) => {
        const answer = JSON.parse(line) as Answer
        this.#answers.get(answer.id)?.(answer)
        this.#answers.delete(answer.id)
      })
    }
  }

  /** Throws what the agent met. */
  async call<T = unknown>(operation: string, ...values: readonly unknown[]): Promise<T> {
    const id = this.#asked++
    const answer = new Promise<Answer>((resolve) => this.#answers.set(id, resolve))
    this.#child.stdin?.write(`${JSON.stringify({ id, operation, values })}\n`)
    const { result, problem } = await answer
    if (problem !== undefined) throw new Error(`${operation}: ${problem}`)
    return result as T
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async end(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }
}
