/**
 * A lane's listening socket on the loopback address, for programs of this host. The first lane opens one for each, and tries a port that
 * another program has again and again; the others wait for theirs.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { DoorKind } from '../proxy/lane-protocol.js'
import type { Listener, ListenHandler, Socket } from '../proxy/ports.js'
import { type LaneContext, logFrom } from './lane-context.js'

const BACKLOG = 1_024
const KEEPALIVE_MS: Millis = 30_000
const AGAIN_MS: Millis = 2_000

export interface DoorPlan {
  readonly service: string
  readonly kind: DoorKind
  /** Port 0: any. */
  readonly at: Endpoint
}

/** A socket that listens already. */
export interface LeftDoor {
  readonly at: Endpoint
  readonly fd: number
  /** The control plane has it as well; otherwise it is another process's. */
  readonly isShared: boolean
}

export class Door {
  /** Where it is. */
  at: Endpoint
  /** Why it is shut; empty: it is not. */
  why = ''
  #listener: Listener | undefined
  #againAt: Millis = 0
  #isClosed = false
  #isListening = false

  constructor(
    private readonly context: LaneContext,
    private readonly plan: DoorPlan,
    private readonly onAccept: (socket: Socket) => void,
    left?: LeftDoor,
  ) {
    this.at = plan.at
    if (left !== undefined) this.adopt(left)
    else this.#open()
  }

  get isOpen(): boolean {
    return this.#isListening
  }

  /** -1: it is shut, or its descriptor cannot be told. */
  get fd(): number {
    return this.#listener?.fd ?? -1
  }

  /** The port that was asked for; 0: any. */
  get wanted(): number {
    return this.plan.at.port
  }

  /** It is, or would be, there. */
  isAt({ address, port }: Endpoint): boolean {
    return address === this.plan.at.address && (this.wanted === 0 || this.wanted === port)
  }

  /** In place of the one that it has. */
  adopt({ at, fd, isShared }: LeftDoor): void {
    this.#listener?.close()
    this.at = at
    this.#listener = this.context.sockets.adoptListener?.(fd, at, this.#handler(isShared ? 'shared' : 'left'))
  }

  sweep(now: Millis): void {
    if (this.#listener === undefined && !this.#isClosed && now >= this.#againAt) this.#open()
  }

  /** For whoever is late to close its own too: the port is free. */
  close(): void {
    if (this.#listener?.end !== undefined) this.#listener.end()
    else this.#listener?.close()
    this.#listener = undefined
    this.#isClosed = true
    this.#isListening = false
  }

  get #isFirst(): boolean {
    return this.context.setup.lane === 0
  }

  #open(): void {
    if (!this.#isFirst) return
    const options = { backlog: BACKLOG, keepaliveMs: KEEPALIVE_MS, sockets: this.context.setup.lanes }
    this.#listener = this.context.sockets.listen(this.plan.at, options, this.#handler('opened'))
  }

  #handler(origin: 'opened' | 'left' | 'shared'): ListenHandler {
    return {
      onListening: (at) => {
        if (this.#isClosed) return
        this.at = at
        this.why = ''
        this.#isListening = true
        if (origin === 'opened') this.#share(at)
        else if (origin === 'left') this.#give(at, this.context.setup.lane, this.#listener?.share?.())
        const { service, kind } = this.plan
        if (kind === 'led' && this.#isFirst) this.context.post({ type: 'steer-door', service, port: at.port })
      },
      // One that had come already.
      onAccept: (socket) => (this.#isClosed ? socket.reset() : this.onAccept(socket)),
      onProblem: (code, fatal) => (fatal ? this.#onShut(code) : this.#onLost(code)),
    }
  }

  /** Each other lane has a socket of its own; the control plane has all of them. */
  #share(at: Endpoint): void {
    const { lane: self, lanes } = this.context.setup
    for (let lane = 0; lane < lanes; lane++) {
      const spare = lane === self ? -1 : (this.#listener?.spare?.() ?? -1)
      this.#give(at, lane, spare >= 0 ? spare : this.#listener?.share?.())
    }
  }

  #give(at: Endpoint, lane: number, fd = -1): void {
    const { service, kind } = this.plan
    if (fd >= 0) this.context.post({ type: 'share-door', lane, service, door: kind, at, fd })
  }

  #onShut(code: string): void {
    const why = `cannot listen on ${formatEndpoint(this.plan.at)}: ${code}`
    if (why !== this.why) logFrom(this.context, 'error', 'no-outward-door', { service: this.plan.service, why })
    this.why = why
    this.#listener = undefined
    this.#isListening = false
    this.#againAt = this.context.clock.now() + AGAIN_MS
  }

  #onLost(code: string): void {
    const fields = { service: this.plan.service, address: formatEndpoint(this.at), code }
    logFrom(this.context, 'error', 'accept-failed', fields)
  }
}
