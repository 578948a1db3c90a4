/** Watches the kernel's table of listening sockets and says what programs of this network namespace listen on, and which. */
import type { Alarm, AlarmClock } from '../base/clock.js'
import { errnoOf, messageOf } from '../base/errors.js'
import type { Millis } from '../base/time.js'
import { DiagSource } from './diag-source.io.js'
import { ListenerPrograms, type Processes } from './listener-programs.js'
import { isProblem, type ListeningSocket, type SocketSource, type SourceProblem } from './listening-socket.js'
import { OwnSockets } from './own-sockets.io.js'
import { ProcPrograms } from './proc-programs.io.js'
import { ProcSource } from './proc-source.io.js'

/** A look may take a twentieth of the time: where it is slow, it is done less often, but once a second at least. */
const REST_PER_LOOK = 20
const REST_MS_MAX: Millis = 1_000

export interface SocketTableOptions {
  readonly clock: AlarmClock
  /**
   * The whole truth, at the start and after each change; sorted by port and address, each of them once. Whose a listener
   * is may be known a little later than that it is there: then it is said once more.
   */
  readonly onListeners: (listeners: readonly ListeningSocket[]) => void
  /**
   * Once per problem, not per look, and `undefined` when it is over. What was last said of listeners stays the last word
   * meanwhile; of too many, some are said.
   */
  readonly onProblem: (problem: SourceProblem | undefined) => void
  /** For tests and for a namespace's own /proc. */
  readonly source?: SocketSource
  readonly ownSockets?: { among(inodes: readonly number[]): ReadonlySet<number> }
  readonly processes?: Processes
}

export class SocketTable {
  readonly #options: SocketTableOptions
  readonly #source: SocketSource
  readonly #own: { among(inodes: readonly number[]): ReadonlySet<number> }
  readonly #programs: ListenerPrograms
  readonly #alarm: Alarm
  #listeners: readonly ListeningSocket[] = []
  #everyMs: Millis = 0
  #said: string | undefined
  #problem: string | undefined
  #running = false

  constructor(options: SocketTableOptions) {
    this.#options = options
    this.#source = options.source ?? bestSource()
    this.#own = options.ownSockets ?? new OwnSockets()
    this.#programs = new ListenerPrograms(options.clock, options.processes ?? new ProcPrograms(), () => this.#say())
    this.#alarm = options.clock.alarm(() => this.#turn())
  }

  /** `sock_diag` or `proc`, for status. */
  get sourceName(): string {
    return this.#source.name
  }

  /** The first look is done before it returns. */
  start(everyMs: Millis = 50): void {
    this.#everyMs = everyMs
    this.#running = true
    this.#turn()
  }

  /** For good. */
  stop(): void {
    if (!this.#running) return
    this.#running = false
    this.#alarm.set(undefined)
    this.#programs.stop()
    this.#source.close()
  }

  #turn(): void {
    const startedAt = this.#options.clock.now()
    const problem = this.#look()
    if (!this.#running) return
    const endedAt = this.#options.clock.now()
    const restMs = Math.min(REST_MS_MAX, (endedAt - startedAt) * REST_PER_LOOK)
    // A system without the table will not get one.
    this.#alarm.set(problem?.code === 'unsupported' ? undefined : endedAt + Math.max(this.#everyMs, restMs))
  }

  #look(): SourceProblem | undefined {
    const answer = this.#othersSockets()
    const problem = isProblem(answer) ? answer : undefined
    if (this.#problem !== problem?.why) this.#options.onProblem(problem)
    this.#problem = problem?.why
    const sockets = isProblem(answer) ? answer.seen : answer
    if (sockets !== undefined) this.#set(sockets)
    return problem
  }

  #othersSockets(): readonly ListeningSocket[] | SourceProblem {
    const answer = this.#source.look()
    try {
      if (!isProblem(answer)) return this.#withoutOwn(answer)
      return answer.seen === undefined ? answer : { ...answer, seen: this.#withoutOwn(answer.seen) }
    } catch (error) {
      // Better to say nothing than to publish our own sockets as somebody's program.
      return { code: 'unreadable', why: `cannot tell own sockets: ${errnoOf(error) || messageOf(error)}` }
    }
  }

  #withoutOwn(sockets: readonly ListeningSocket[]): readonly ListeningSocket[] {
    const own = this.#own.among(sockets.map((socket) => socket.inode))
    return sockets.filter((socket) => !own.has(socket.inode))
  }

  #set(sockets: readonly ListeningSocket[]): void {
    this.#listeners = distinct(sockets)
    this.#programs.want(this.#listeners.map(({ inode }) => inode))
    this.#say()
  }

  #say(): void {
    const listeners = this.#listeners.map((socket) => {
      const program = this.#programs.of(socket.inode)
      return program === undefined ? socket : { ...socket, program }
    })
    const text = JSON.stringify(
      listeners.map(({ address, port, uid, v6only, program }) => [address, port, uid, v6only, program]),
    )
    if (text === this.#said) return
    this.#said = text
    this.#options.onListeners(listeners)
  }
}

function bestSource(): SocketSource {
  const diag = DiagSource.open()
  return diag instanceof DiagSource ? diag : new ProcSource()
}

/**
 * Sockets that share an address and port (SO_REUSEPORT) are one listener: the one of the lowest inode, which is the same at
 * each look whatever the kernel's order is.
 */
function distinct(sockets: readonly ListeningSocket[]): ListeningSocket[] {
  const byEndpoint = new Map<string, ListeningSocket>()
  for (const socket of sockets) {
    const key = `${socket.address} ${socket.port}`
    const other = byEndpoint.get(key)
    if (other === undefined || socket.inode < other.inode) byEndpoint.set(key, socket)
  }
  return [...byEndpoint.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1))
}
