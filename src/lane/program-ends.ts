/**
 * Whether a program has ended a connection, or has itself come to an end, for services that park clients (docs/single.md). The kernel says
 * the same of both: FIN. It is withheld only where the client waits for nothing, and only for as long as it takes to look:
 *
 *   FIN ──► its program is being stopped, or listens no more ──► RESET program-gone
 *       └─► it has just spoken: this is the end of an answer ─► FIN
 *       └─► withheld ──► it listens no more ──► RESET program-gone
 *                    └─► after the last look ───────────────► FIN
 *
 * An RST is passed on as ever, for a kernel says that of a program which had not read all; but where there was nothing to be read.
 */
import type { Millis } from '../base/time.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import type { WatchedSocket } from '../proxy/watched-socket.js'
import { contained, faultyBackend } from './faults.js'
import type { LaneContext } from './lane-context.js'

/**
 * When to look, from the FIN on. A process that is killed closes its descriptors one after the other, within milliseconds, but where it has to
 * wait for a processor.
 */
export const LOOKS_MS: readonly Millis[] = [2, 10, 40, 150]

/** A program that ends a connection with its answer does it in the same breath. */
const BREATH_MS: Millis = 50

const NONE: ReadonlySet<string> = new Set()

export class ProgramEnds {
  readonly #withheld = new Map<BackendHalf, WatchedSocket>()
  #ending = NONE

  constructor(
    private readonly context: LaneContext,
    private readonly isListening: (port: number) => boolean,
  ) {}

  watch(socket: WatchedSocket, backend: BackendHalf): void {
    socket.onPeerEnd = (how) => this.#onPeerEnd(socket, backend, how)
  }

  /** Other programs listen, or are being stopped. */
  follow(ending: readonly string[]): void {
    this.#ending = ending.length === 0 ? NONE : new Set(ending)
    for (const backend of [...this.#withheld.keys()]) {
      if (this.#isGone(backend)) this.#contained(backend, () => this.#decide(backend))
    }
  }

  forget(backend: BackendHalf): void {
    this.#withheld.delete(backend)
  }

  #onPeerEnd(socket: WatchedSocket, backend: BackendHalf, how: 'fin' | 'rst'): boolean {
    const { half } = backend
    this.#withheld.delete(backend)
    if (!half.isAtRest || (how === 'rst' && half.received > 0)) return false
    const hasJustSpoken = half.sent > 0 && this.context.clock.now() - half.activeAt < BREATH_MS
    if (!this.#isGone(backend) && hasJustSpoken) return false
    this.#withheld.set(backend, socket)
    if (this.#isGone(backend)) this.#decide(backend)
    else this.#lookLater(backend, socket, 0)
    return true
  }

  #lookLater(backend: BackendHalf, socket: WatchedSocket, round: number): void {
    const [before, after] = [LOOKS_MS[round - 1] ?? 0, LOOKS_MS[round] ?? 0]
    this.context.soon(after - before, () => {
      if (this.#withheld.get(backend) !== socket) return
      if (round === LOOKS_MS.length - 1 || this.#isGone(backend)) this.#contained(backend, () => this.#decide(backend))
      else this.#lookLater(backend, socket, round + 1)
    })
  }

  #decide(backend: BackendHalf): void {
    const socket = this.#withheld.get(backend)
    if (socket === undefined) return
    this.#withheld.delete(backend)
    const { half } = backend
    if (!half.isAtRest || !this.#isGone(backend)) return socket.passOn()
    // So that the client half knows of all that the program had taken.
    half.settle()
    half.abort('program-gone')
  }

  #isGone({ request, half }: BackendHalf): boolean {
    if (this.#ending.has(request.service) || !this.isListening(request.port)) return true
    return this.context.listensAt?.(half.socket.remote) === false
  }

  #contained(backend: BackendHalf, act: () => void): void {
    contained(this.context, act, () => faultyBackend(backend))
  }
}
