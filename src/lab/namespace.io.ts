/**
 * A network namespace that lives as long as a process which reads a pipe of ours: when this process ends, however it does,
 * so do the namespace and every device, address and route in it. Nothing is made outside of namespaces, so nothing can be
 * left behind. As root they are made directly, otherwise inside a user namespace where the kernel allows one.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { BatonError } from '../base/errors.js'
import { until } from './wait.io.js'

const run = promisify(execFile)
const MADE_MS_MAX = 5_000
const COMMAND_MS_MAX = 10_000

export class Namespace {
  readonly #gone: Promise<void>

  private constructor(
    private readonly holder: ChildProcess,
    private readonly isRoot: boolean,
  ) {
    this.#gone = new Promise((resolve) => holder.once('exit', () => resolve()))
  }

  /** `within`: the one whose user namespace is shared, so that devices can be moved between both. */
  static async make(within?: Namespace): Promise<Namespace> {
    const isRoot = process.getuid?.() === 0
    const user =
      within === undefined ? ['unshare', '--user', '--map-root-user', '--net'] : [...within.enter, 'unshare', '--net']
    const [program = '', ...args] = [...(isRoot ? ['unshare', '--net'] : user), 'cat']
    const holder = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
    let said = ''
    holder.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const problem = new Promise<never>((_, reject) => {
      const fail = (why: string) => reject(new BatonError('ERR_LAB', `no network namespace can be made: ${why.trim()}`))
      holder.once('error', (error) => fail(error.message))
      holder.once('exit', () => fail(said))
    })
    // Later it is no news.
    problem.catch(() => {})
    const isMade = () => (namespaceOf(holder.pid) !== namespaceOf('self') ? true : undefined)
    await Promise.race([until(isMade, MADE_MS_MAX, 'a network namespace is made', 5), problem])
    return new Namespace(holder, isRoot)
  }

  /** Stands before a command that is to run in it. */
  get enter(): string[] {
    const which = this.isRoot ? ['--net'] : ['--user', '--preserve-credentials', '--net']
    return ['nsenter', '--target', String(this.pid), ...which, '--']
  }

  get pid(): number {
    return this.holder.pid ?? -1
  }

  async run(...command: string[]): Promise<string> {
    const [program = '', ...args] = [...this.enter, ...command]
    const { stdout } = await run(program, args, { timeout: COMMAND_MS_MAX })
    return stdout
  }

  /** Commands of ip(8), one a line, in one process. */
  ip(...lines: string[]): Promise<void> {
    return this.#feed(['ip', '-batch', '-'], lines)
  }

  /** A file of nft(8): all of it takes effect, or nothing. */
  nft(...lines: string[]): Promise<void> {
    return this.#feed(['nft', '--file', '-'], lines)
  }

  async #feed(command: readonly string[], lines: readonly string[]): Promise<void> {
    const [program = '', ...args] = [...this.enter, ...command]
    const child = run(program, args, { timeout: COMMAND_MS_MAX })
    child.child.stdin?.end(`${lines.join('\n')}\n`)
    await child
  }

  /** Ends with the last process that is in it. */
  async leave(): Promise<void> {
    this.holder.stdin?.end()
    await this.#gone
  }
}

function namespaceOf(pid: number | string | undefined): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return namespaceOf('self')
  }
}
