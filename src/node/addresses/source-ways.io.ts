/**
 * Keeps the way by which programs are reached from addresses of clients (kernel/source-way), from the first service that wants it to the
 * node's end: also after the last one has changed its mind, for connections that stand.
 */
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { SourceWay } from '../../kernel/source-way.io.js'
import type { ToLane } from '../../proxy/lane-protocol.js'

/** Tools that tidy networks up may take it away at any time; a look costs some hundred microseconds. */
const LOOK_EVERY_MS: Millis = 1_000

export interface SourceWaysParts {
  readonly logger: Logger
  readonly warnings: Pick<Map<string, string>, 'set' | 'delete'>
  /** Only sockets of `epoll` can be from somewhere else. */
  readonly engine: string
  readonly toLane: (message: ToLane) => void
  readonly way?: Pick<SourceWay, 'setUp' | 'takeDown'>
}

export class SourceWays {
  readonly #way
  #isKept = false
  #told: string | undefined
  #looks: NodeJS.Timeout | undefined

  constructor(
    private readonly parts: SourceWaysParts,
    /** Another process of this node has connections that need it. */
    isLeft: boolean,
  ) {
    this.#way = parts.way ?? new SourceWay()
    // What a process that was killed has left: nothing of it is needed any more.
    if (!isLeft && parts.engine === 'epoll') this.#way.takeDown()
  }

  follow(isWanted: boolean): void {
    if (!isWanted || this.#isKept) return
    this.#isKept = true
    this.look()
    this.#looks = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  look(): void {
    const { engine } = this.parts
    this.#tell(engine === 'epoll' ? this.#way.setUp() : 'it takes the epoll engine (Linux, with koffi)')
  }

  /** Nothing is carried any more. */
  close(): void {
    clearInterval(this.#looks)
    if (this.parts.engine === 'epoll') this.#way.takeDown()
  }

  #tell(why: string): void {
    if (why === this.#told) return
    this.#told = why
    const { logger, warnings, toLane } = this.parts
    toLane({ type: 'source-way', why })
    if (why === '') {
      warnings.delete('source-way')
      logger.log('info', 'source-way', {})
      return
    }
    const cure = 'run the node with CAP_NET_ADMIN; `baton doctor` has more'
    warnings.set('source-way', `programs of this host cannot be reached from clients' addresses (${why}): ${cure}`)
    logger.log('warn', 'no-source-way', { why })
  }
}
