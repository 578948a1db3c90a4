/**
 * The guard of one program: starts and stops it when its node says so, and stops it by itself when the node has not said for too
 * long that it may run on. A process of its own, so that it does its work while the node stands still, is replaced, or is no more.
 *
 * usage: node guard-main.io.js FOLDER TAG SETUP
 */
import net from 'node:net'
import path from 'node:path'
import process from 'node:process'
import { realClock } from '../../base/real-clock.io.js'
import { saveStateFile } from '../../base/state-file.io.js'
import type { Millis } from '../../base/time.js'
import { loadLibc } from '../../kernel/libc.io.js'
import { adoptOrphans, bootId, descendantsOf, killDescendants, reapOrphans } from './descendants.io.js'
import {
  type FromGuard,
  GUARD_RECORD,
  type GuardEvent,
  type GuardSetup,
  LineReader,
  lineOf,
  TO_GUARD,
  type ToGuard,
} from './guard-protocol.js'
import { runHook } from './hook.io.js'

const LOOK_EVERY_MS: Millis = 50
/** What has been killed is gone by then, but for what hangs in the kernel. */
const KILL_MS_MAX: Millis = 800
/** The node has read the last word by then, or finds it in the record. */
const LINGER_MS: Millis = 2_000

const [folder = '', tag = '', text = '{}'] = process.argv.slice(2)
const setup = JSON.parse(text) as GuardSetup
const libc = loadLibc()
const clock = realClock('why' in libc ? undefined : libc.boottime)

class Guard {
  readonly #nodes = new Set<net.Socket>()
  readonly #server = net.createServer((node) => this.#meet(node))
  #until: Millis = 0
  #term = 0
  #starting: Promise<void> | undefined
  #isRunning = false
  #isStopping = false
  /** The start has left processes behind that are this one's. */
  #hasAdopted = false
  /** What was to start it could not be run, as where there is no such file: nothing has begun that would have to be stopped. */
  #hasBegun = false
  /** Hooks that run now. */
  readonly #hooks = new Set<number>()

  listen(): void {
    this.#server.listen(path.join(folder, `${tag}.sock`), () => process.stdout.write('ready\n'))
    setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  #meet(node: net.Socket): void {
    this.#nodes.add(node)
    const lines = new LineReader<ToGuard>(TO_GUARD)
    node.setEncoding('utf8')
    node.on('data', (said: string) => {
      for (const message of lines.take(said)) this.#hear(message)
    })
    node.on('error', () => {})
    node.on('close', () => this.#nodes.delete(node))
    node.write(lineOf({ type: 'hello', pid: process.pid, until: this.#until }))
  }

  #hear(message: ToGuard): void {
    if (message.type === 'until') this.#until = Math.max(this.#until, message.deadline)
    else if (message.type === 'start') this.#starting ??= this.#start(message.term)
    else if (message.type === 'stop') void this.#stop(false)
    else if (!this.#isRunning) process.exit(0)
  }

  #look(): void {
    reapOrphans(this.#hooks)
    if (this.#isRunning && !this.#isStopping && clock.now() >= this.#until) void this.#stop(true)
  }

  async #start(term: number): Promise<void> {
    this.#term = term
    // Before anything runs: whoever finds this later knows that it may.
    this.#record('running')
    this.#isRunning = true
    if (clock.now() >= this.#until) return
    const problem = await this.#run('start', setup.startMs)
    this.#hasAdopted = descendantsOf(process.pid).length > 0
    if (this.#isStopping) return
    this.#tell({ type: 'done', verb: 'start', isGood: problem === undefined, words: problem ?? '' })
  }

  async #stop(isFence: boolean): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    if (!this.#isRunning) this.#record('running')
    this.#isRunning = true
    const before = descendantsOf(process.pid).length
    // A start under way is not waited for: it may take longer than a stop.
    if (this.#starting !== undefined && !(await this.#isStarted())) await killDescendants(process.pid, KILL_MS_MAX)
    const problem = await this.#run('stop', setup.stopMs)
    const left = descendantsOf(process.pid).length
    const isGone = await killDescendants(process.pid, KILL_MS_MAX)
    // A stop that failed is made up for where the program was this process's own to kill, or has been and is no more.
    const isNothing = this.#starting !== undefined && !this.#hasBegun
    const isGood = isGone && (problem === undefined || before > 0 || this.#hasAdopted || isNothing)
    const killed = left === 0 || !isGone ? '' : `${left} of its processes were killed after its stop`
    const words = [problem ?? '', killed].filter((one) => one !== '').join('; ')
    if (!isGood) {
      this.#isStopping = false
      this.#until = Number.POSITIVE_INFINITY
      return this.#tell(isFence ? { type: 'fenced', isGood, words } : { type: 'done', verb: 'stop', isGood, words })
    }
    this.#isRunning = false
    // The place is free before anybody knows: the next guard of this program may begin at once.
    this.#server.close()
    this.#record('stopped')
    this.#tell(isFence ? { type: 'fenced', isGood, words } : { type: 'done', verb: 'stop', isGood, words })
    setTimeout(() => process.exit(0), this.#nodes.size === 0 ? 0 : LINGER_MS)
  }

  #run(verb: 'start' | 'stop', limitMs: Millis): Promise<string | undefined> {
    return runHook(setup.program, [verb, setup.service], this.#environment, limitMs, (pid, isThere) => {
      if (verb === 'start') this.#hasBegun = true
      if (isThere) this.#hooks.add(pid)
      else this.#hooks.delete(pid)
    })
  }

  async #isStarted(): Promise<boolean> {
    const late = new Promise<false>((resolve) => setImmediate(() => resolve(false)))
    return Promise.race([(this.#starting ?? Promise.resolve()).then(() => true), late])
  }

  get #environment(): Record<string, string> {
    return { ...setup.environment, BATON_TERM: String(this.#term) }
  }

  #tell(event: GuardEvent | FromGuard): void {
    for (const node of this.#nodes) node.write(lineOf(event))
  }

  #record(state: 'running' | 'stopped'): void {
    const body = { service: setup.service, term: this.#term, state, pid: process.pid, bootId: bootId() }
    saveStateFile(path.join(folder, `${tag}.json`), GUARD_RECORD.format, GUARD_RECORD.version, body)
  }
}

// What ends a session or a service is not to end this: then nobody would stop the program.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(name, () => {})
process.stdout.on('error', () => {})
adoptOrphans()
new Guard().listen()
