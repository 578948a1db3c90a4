import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { Listener, ListenHandler, Socket, Sockets } from '../proxy/ports.js'

/** A connection storm waits here, not in the clients' SYN timers; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 4_096

export interface ListenSetHandler {
  /** Opened here; not told of those that were adopted. */
  onOpened(at: Endpoint, listener: Listener): void
  /** All that is wanted listens (again). */
  onComplete(): void
  onAccept(socket: Socket): void
  /** `fatal`: that one cannot be listened on. */
  onProblem(at: Endpoint, code: string, fatal: boolean): void
}

/** The listening sockets of one service. When the wanted addresses change, those that stay are not touched. */
export class ListenSet {
  readonly #listeners = new Map<string, Listener>()
  readonly #listening = new Set<string>()

  constructor(
    private readonly sockets: Sockets,
    private readonly handler: ListenSetHandler,
  ) {}

  follow(wanted: readonly Endpoint[], keepaliveMs: Millis): void {
    this.keep(wanted)
    for (const at of wanted) if (!this.#listeners.has(formatEndpoint(at))) this.#listen(at, keepaliveMs)
    this.#tellIfComplete()
  }

  /** Lets go what is not among these. */
  keep(wanted: readonly Endpoint[]): void {
    const keys = new Set(wanted.map(formatEndpoint))
    for (const [key, listener] of this.#listeners) {
      if (keys.has(key)) continue
      listener.close()
      this.#listeners.delete(key)
      this.#listening.delete(key)
    }
  }

  /** Accepts together with the lane that has opened it. */
  adopt(fd: number, at: Endpoint, keepaliveMs: Millis): void {
    const key = formatEndpoint(at)
    this.#listeners.get(key)?.close()
    const listener = this.sockets.adoptListener?.(fd, at, { backlog: BACKLOG, keepaliveMs }, this.#handlerOf(at))
    if (listener !== undefined) this.#listeners.set(key, listener)
  }

  close(): void {
    this.keep([])
  }

  #listen(at: Endpoint, keepaliveMs: Millis): void {
    const listener = this.sockets.listen(
      at,
      { backlog: BACKLOG, keepaliveMs },
      {
        ...this.#handlerOf(at),
        onListening: () => {
          this.#listening.add(formatEndpoint(at))
          this.handler.onOpened(at, listener)
          this.#tellIfComplete()
        },
      },
    )
    this.#listeners.set(formatEndpoint(at), listener)
  }

  #handlerOf(at: Endpoint): ListenHandler {
    return {
      onListening: () => {},
      onAccept: (socket) => this.handler.onAccept(socket),
      onProblem: (code, fatal) => this.handler.onProblem(at, code, fatal),
    }
  }

  #tellIfComplete(): void {
    if (this.#listeners.size > 0 && this.#listening.size === this.#listeners.size) this.handler.onComplete()
  }
}
