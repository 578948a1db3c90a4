/**
 * The listening sockets of one service in one lane. When the wanted addresses change, those that stay are not touched.
 * Lanes share sockets by descriptors that travel as messages, so one may come when it is not meant any more. Who opened a socket ends
 * it for all; one that another process has opened is in use for as long as another lane is slower to let go of it.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { Listener, ListenHandler, Socket, Sockets } from '../proxy/ports.js'

/** A connection storm waits here, not in the clients' SYN timers; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 4_096

export interface ListenSetHandler {
  /** Opened here; not told of those that were adopted. `since`: see `adopt`. */
  onOpened(at: Endpoint, listener: Listener, since: number): void
  /** All that is wanted listens (again). */
  onComplete(): void
  onAccept(socket: Socket): void
  /** `fatal`: that one cannot be listened on. */
  onProblem(at: Endpoint, code: string, fatal: boolean): void
}

interface Wanted {
  readonly at: Endpoint
  /** The change since which it is wanted without a break. */
  readonly since: number
  readonly giveUpAt: Millis
  listener: Listener | undefined
  /** By this lane, for all. */
  isOpened: boolean
  state: 'closed' | 'opening' | 'in-use' | 'listening'
}

export class ListenSet {
  readonly #wanted = new Map<string, Wanted>()
  #change = 0
  #keepaliveMs: Millis = 0

  constructor(
    private readonly sockets: Sockets,
    private readonly handler: ListenSetHandler,
    /** How long an address in use is tried again, at each sweep. 0: nobody shares sockets with this lane. */
    private readonly patienceMs: Millis,
    /** Sockets that listen already, by address: opened by the process before. */
    private readonly left: Map<string, number> = new Map(),
  ) {}

  /** Lets go what is not among these. */
  want(addresses: readonly Endpoint[], now: Millis): void {
    this.#change++
    const keys = new Set(addresses.map(formatEndpoint))
    for (const [key, wanted] of this.#wanted) {
      if (keys.has(key)) continue
      this.#wanted.delete(key)
      letGo(wanted)
    }
    for (const at of addresses) {
      const key = formatEndpoint(at)
      const times = { since: this.#change, giveUpAt: now + this.patienceMs }
      if (!this.#wanted.has(key))
        this.#wanted.set(key, { at, ...times, listener: undefined, isOpened: false, state: 'closed' })
    }
  }

  /** Those that listen here, where a descriptor can be told. */
  listening(): { readonly at: Endpoint; readonly fd: number }[] {
    return [...this.#wanted.values()].flatMap(({ at, listener, state }) => {
      return state === 'listening' && listener?.fd !== undefined ? [{ at, fd: listener.fd }] : []
    })
  }

  /** Opens what is wanted and not open yet. */
  open(keepaliveMs: Millis): void {
    this.#keepaliveMs = keepaliveMs
    for (const wanted of this.#wanted.values()) if (wanted.state === 'closed') this.#listen(wanted)
    this.#tellIfComplete()
  }

  /**
   * Accepts together with the lane that has opened it. All lanes of a node hear of the same changes in the same order:
   * where the address is not wanted since the same one, this is a socket that was let go in the meantime.
   */
  adopt(fd: number, at: Endpoint, since: number): void {
    const wanted = this.#wanted.get(formatEndpoint(at))
    if (wanted?.since !== since) return this.sockets.closeDescriptor?.(fd)
    wanted.listener?.close()
    wanted.listener = this.sockets.adoptListener?.(fd, at, { onListening: () => {}, ...this.#handlerOf(at) })
  }

  /** Tries again what was in use. */
  sweep(now: Millis): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.state !== 'in-use') continue
      // It may close this set: the others are not wanted any more.
      if (now >= wanted.giveUpAt) return this.handler.onProblem(wanted.at, 'EADDRINUSE', true)
      this.#listen(wanted)
    }
  }

  close(): void {
    for (const wanted of this.#wanted.values()) letGo(wanted)
    this.#wanted.clear()
  }

  #listen(wanted: Wanted): void {
    const { at } = wanted
    const { onAccept, onProblem } = this.#handlerOf(at)
    const isWanted = () => this.#wanted.get(formatEndpoint(at)) === wanted
    wanted.state = 'opening'
    const handler: ListenHandler = {
      onAccept,
      onListening: () => {
        if (!isWanted()) return
        wanted.state = 'listening'
        if (wanted.listener !== undefined) this.handler.onOpened(at, wanted.listener, wanted.since)
        this.#tellIfComplete()
      },
      onProblem: (code, fatal) => {
        if (!isWanted()) return
        if (code === 'EADDRINUSE' && fatal && this.patienceMs > 0) wanted.state = 'in-use'
        else onProblem(code, fatal)
      },
    }
    const options = { backlog: BACKLOG, keepaliveMs: this.#keepaliveMs }
    const fd = this.left.get(formatEndpoint(at))
    this.left.delete(formatEndpoint(at))
    wanted.isOpened = fd === undefined
    wanted.listener =
      fd === undefined ? this.sockets.listen(at, options, handler) : this.sockets.adoptListener?.(fd, at, handler)
  }

  #handlerOf(at: Endpoint): Pick<ListenHandler, 'onAccept' | 'onProblem'> {
    return {
      onAccept: (socket) => this.handler.onAccept(socket),
      onProblem: (code, fatal) => this.handler.onProblem(at, code, fatal),
    }
  }

  #tellIfComplete(): void {
    const all = [...this.#wanted.values()]
    if (all.every(({ state }) => state === 'listening')) this.handler.onComplete()
  }
}

function letGo({ listener, isOpened }: Wanted): void {
  if (isOpened && listener?.end !== undefined) listener.end()
  else listener?.close()
}
