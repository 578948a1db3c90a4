/** Watches the kernel's table of listening sockets and says what programs of this network namespace listen on. */
import type { Alarm, AlarmClock } from '../base/clock.js'
import { errnoOf, messageOf } from '../base/errors.js'
import type { Millis } from '../base/time.js'
import { DiagSource } from './diag-source.io.js'
import { isProblem, type ListeningSocket, type SocketSource, type SourceProblem } from './listening-socket.js'
import { OwnSockets } from './own-sockets.io.js'
import { ProcSource } from './proc-source.io.js'

/** A look may take a twentieth of the time: where it is slow, it is done less often, but once a second at least. */
const REST_PER_LOOK = 20
const REST_MS_MAX: Millis = 1_000

export interface SocketTableOptions {
  readonly clock: AlarmClock
  /** The whole truth, at the start, after each change and after a problem; sorted by port and address, each of them once. */
  readonly onListeners: (listeners: readonly ListeningSocket[]) => void
  /** Once per problem, not per look. What was last said of listeners stays the last word until the next `onListeners`. */
  readonly onProblem: (problem: SourceProblem) => void
  /** For tests and for a namespace's own /proc. */
  readonly source?: SocketSource
  readonly ownSockets?: { among(inodes: readonly number[]): ReadonlySet<number> }
}

export class SocketTable {
  readonly #options: SocketTableOptions
  readonly #source: SocketSource
  readonly #own: { among(inodes: readonly number[]): ReadonlySet<number> }
  readonly #alarm: Alarm
  #everyMs: Millis = 0
  #said: string | undefined
  #problem: string | undefined
  #running = false

  constructor(options: SocketTableOptions) {
    this.#options = options
    this.#source = options.source ?? bestSource()
    this.#own = options.ownSockets ?? new OwnSockets()
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
    if (!isProblem(answer)) {
      this.#problem = undefined
      this.#say(answer)
      return undefined
    }
    if (this.#problem !== answer.why) this.#options.onProblem(answer)
    this.#problem = answer.why
    // Whoever was told of it is told that it is over, also where nothing has changed.
    this.#said = undefined
    return answer
  }

  #othersSockets(): readonly ListeningSocket[] | SourceProblem {
    const sockets = this.#source.look()
    if (isProblem(sockets)) return sockets
    try {
      const own = this.#own.among(sockets.map((socket) => socket.inode))
      return sockets.filter((socket) => !own.has(socket.inode))
    } catch (error) {
      // Better to say nothing than to publish our own sockets as somebody's program.
      return { code: 'unreadable', why: `cannot tell own sockets: ${errnoOf(error) || messageOf(error)}` }
    }
  }

  #say(sockets: readonly ListeningSocket[]): void {
    const listeners = distinct(sockets)
    const text = JSON.stringify(listeners.map(({ address, port, uid, v6only }) => [address, port, uid, v6only]))
    if (text === this.#said) return
    this.#said = text
    this.#options.onListeners(listeners)
  }
}

function bestSource(): SocketSource {
  const diag = DiagSource.open()
  return diag instanceof DiagSource ? diag : new ProcSource()
}

/** Sockets that share an address and port (SO_REUSEPORT) are one listener. */
function distinct(sockets: readonly ListeningSocket[]): ListeningSocket[] {
  const byEndpoint = new Map(sockets.map((socket) => [`${socket.address} ${socket.port}`, socket]))
  return [...byEndpoint.values()].sort((a, b) => a.port - b.port || (a.address < b.address ? -1 : 1))
}
