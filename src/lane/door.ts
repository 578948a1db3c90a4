/** A listening socket on the loopback address, for programs of this host. A port that another program has is tried again and again. */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { Listener, ListenHandler, Socket } from '../proxy/ports.js'
import { type LaneContext, logFrom } from './lane-context.js'

const BACKLOG = 1_024
const KEEPALIVE_MS: Millis = 30_000
const AGAIN_MS: Millis = 2_000

export interface DoorHandler {
  onAccept(socket: Socket): void
  onListening(at: Endpoint): void
}

export class Door {
  /** Where it is. */
  at: Endpoint
  /** Why it is shut; empty: it is not. */
  why = ''
  readonly #wanted: Endpoint
  #listener: Listener | undefined
  #againAt: Millis = 0
  #isClosed = false

  constructor(
    private readonly context: LaneContext,
    private readonly service: string,
    at: Endpoint,
    private readonly handler: DoorHandler,
    /** The listening socket of another process. */
    left?: number,
  ) {
    this.at = at
    this.#wanted = at
    this.#open(left)
  }

  /** -1: it is shut, or its descriptor cannot be told. */
  get fd(): number {
    return this.#listener?.fd ?? -1
  }

  /** The port that was asked for; 0: any. */
  get wanted(): number {
    return this.#wanted.port
  }

  sweep(now: Millis): void {
    if (this.#listener === undefined && !this.#isClosed && now >= this.#againAt) this.#open()
  }

  close(): void {
    this.#listener?.close()
    this.#listener = undefined
    this.#isClosed = true
  }

  #open(left?: number): void {
    const { sockets } = this.context
    const handler = this.#listenHandler()
    const options = { backlog: BACKLOG, keepaliveMs: KEEPALIVE_MS }
    this.#listener =
      left === undefined
        ? sockets.listen(this.#wanted, options, handler)
        : sockets.adoptListener?.(left, this.#wanted, handler)
  }

  #listenHandler(): ListenHandler {
    const { handler } = this
    return {
      onListening: (at) => {
        this.at = at
        this.why = ''
        handler.onListening(at)
      },
      // One that had come already.
      onAccept: (socket) => (this.#isClosed ? socket.reset() : handler.onAccept(socket)),
      onProblem: (code, fatal) => (fatal ? this.#onShut(code) : this.#onLost(code)),
    }
  }

  #onShut(code: string): void {
    const why = `cannot listen on ${formatEndpoint(this.#wanted)}: ${code}`
    if (why !== this.why) logFrom(this.context, 'error', 'no-outward-door', { service: this.service, why })
    this.why = why
    this.#listener = undefined
    this.#againAt = this.context.clock.now() + AGAIN_MS
  }

  #onLost(code: string): void {
    const fields = { service: this.service, address: formatEndpoint(this.at), code }
    logFrom(this.context, 'error', 'accept-failed', fields)
  }
}
