/**
 * One half of a splice: joins a socket with the other half. It moves bytes both ways within credit, keeps half-close,
 * passes RST on as RST, and counts offsets (64 bits, from 0, per direction; FIN is one more unit). What comes before,
 * choosing and dialling, is client-half's and backend-half's.
 *
 *     socket ──onData──► forward ──(credit)──► counterpart.data
 *     socket ◄──write─── receiveData ◄──────── the other half
 */
import type { Clock } from '../base/clock.js'
import type { Millis } from '../base/time.js'
import type { Counterpart } from './counterpart.js'
import { Grant } from './credit.js'
import type { CloseCause, Socket, SocketHandler } from './endpoint.js'
import type { Reason } from './reasons.js'

/** Whether the owner of a half may act at this instant: a director only within its lease, checked at every chunk. */
export interface Gate {
  isOpen(now: Millis): boolean
}

export interface HalfOwner {
  /** A dialled socket stands. */
  onOpen(): void
  /** The last word, once: nothing of this half is left. `undefined`: both directions ended in order. */
  onFinished(reason: Reason | undefined, detail: string): void
  /** Bytes are on their way to this half's peer: ask `settle` from time to time until it says `true`. */
  onUnsettled(): void
  /** The other half broke the protocol; the splice is reset. */
  onIncident(what: string): void
}

const CAUSES: Readonly<Record<CloseCause, Reason>> = {
  ended: 'other',
  reset: 'peer-reset',
  refused: 'connect-refused',
  unreachable: 'unreachable',
  timeout: 'connect-timeout',
  exhausted: 'exhausted',
  aborted: 'other',
}

export class Half implements SocketHandler {
  readonly #grant: Grant
  #counterpart: Counterpart | undefined
  #sent = 0
  /** The other half takes bytes up to this offset. `#sent <= #limit`. */
  #limit = 0
  /** Read, but not covered by credit yet: at most one chunk. */
  #held: Uint8Array | undefined
  #forwarding = false
  #endRead = false
  #finSent = false
  #received = 0
  #acknowledged = 0
  #finReceived = false
  #socketDone = false
  #closed = false
  #unsettled = false
  #activeAt: Millis

  constructor(
    readonly socket: Socket,
    private readonly owner: HalfOwner,
    private readonly clock: Clock,
    private readonly gate: Gate,
    windowBytes: number,
  ) {
    this.#grant = new Grant(windowBytes)
    this.#activeAt = clock.now()
    socket.attach(this)
  }

  /** Bytes from the socket that were passed on. */
  get sent(): number {
    return this.#sent
  }

  /** Bytes from the other half. */
  get received(): number {
    return this.#received
  }

  /** Last time that bytes or a FIN came from either side. */
  get activeAt(): Millis {
    return this.#activeAt
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** One direction has ended, the other goes on. */
  get isHalfClosed(): boolean {
    return this.#endRead !== this.#finReceived
  }

  get isClosing(): boolean {
    return this.#endRead && this.#finReceived
  }

  /** The other half stands and takes `credit` bytes: reading begins. */
  join(counterpart: Counterpart, credit: number): void {
    this.#counterpart = counterpart
    this.#limit = credit
    this.release()
  }

  // --- from the socket ---

  onOpen(): void {
    if (!this.#closed) this.owner.onOpen()
  }

  onData(chunk: Uint8Array): void {
    if (this.#closed) return
    if (!this.#mayAct()) return this.abort('lease-lost')
    if (this.#held !== undefined) this.#hold(chunk)
    else this.#forward(chunk)
  }

  onEnd(): void {
    this.#activeAt = this.clock.now()
    this.#endRead = true
    this.release()
  }

  onDrain(): void {
    if (!this.#closed) this.#tellProgress(false)
  }

  onClose(cause: CloseCause, detail: string): void {
    if (this.#closed) return
    if (cause === 'ended') {
      // The last bytes may still wait here for credit: the socket is gone, the half is not.
      this.#socketDone = true
      this.#finishIfDone()
      return
    }
    this.#counterpart?.reset(CAUSES[cause])
    this.#finish(CAUSES[cause], detail)
  }

  // --- from the other half ---

  receiveData(offset: number, chunk: Uint8Array): void {
    if (this.#closed) return
    if (!this.#mayAct()) return this.abort('lease-lost')
    if (offset !== this.#received % 2 ** 32) {
      return this.#violated(`DATA at offset ${offset}, expected ${this.#received} (low 32 bits)`)
    }
    const end = this.#received + chunk.byteLength
    if (!this.#grant.covers(end)) return this.#violated(`DATA up to ${end} without credit`)
    if (this.#finReceived) return this.#violated('DATA after FIN')
    this.#received = end
    if (!this.#unsettled) {
      this.#unsettled = true
      this.owner.onUnsettled()
    }
    if (this.socket.write(chunk)) this.#tellProgress(false)
  }

  receiveAck(written: number, _acknowledged: number, window: number): void {
    if (this.#closed) return
    if (written > this.#sent) return this.#violated(`ACK of ${written} bytes when ${this.#sent} were sent`)
    this.#limit = Math.max(this.#limit, written + window)
    this.release()
  }

  receiveFin(offset: number): void {
    if (this.#closed) return
    if (!this.#mayAct()) return this.abort('lease-lost')
    if (offset !== this.#received) return this.#violated(`FIN at offset ${offset}, expected ${this.#received}`)
    this.#finReceived = true
    this.socket.end()
  }

  receiveReset(reason: Reason): void {
    if (this.#closed) return
    this.#finish(reason, 'by the other half')
    this.socket.reset()
  }

  // --- from the owner ---

  /** Goes on after new credit, or when the way to the other half is free again. */
  release(): void {
    // Within `#forward` its own loop goes on: a second one here would overtake the bytes that it has in hand.
    if (this.#closed || this.#forwarding || this.#counterpart === undefined) return
    if (!this.gate.isOpen(this.clock.now())) return this.abort('lease-lost')
    const held = this.#held
    if (held !== undefined) {
      this.#held = undefined
      this.#forward(held)
    }
    if (this.#closed || this.#held !== undefined) return
    if (this.#endRead) this.#passEnd(this.#counterpart)
    else if (this.#room() > 0) this.socket.resume()
  }

  /** Ends both halves with RST. */
  abort(reason: Reason, detail = ''): void {
    if (this.#closed) return
    this.#counterpart?.reset(reason)
    this.#finish(reason, detail)
    this.socket.reset()
  }

  /** Ends this half alone with RST: nobody is left to tell. */
  drop(reason: Reason, detail = ''): void {
    this.#counterpart = undefined
    this.abort(reason, detail)
  }

  /**
   * The client's acknowledgement raises no event, so it is looked for on a coarse timer while something is on its way.
   * `true`: nothing is left to look for.
   */
  settle(): boolean {
    if (!this.#closed) this.#tellProgress(true)
    this.#unsettled = !this.#closed && this.#acknowledged < this.#received
    return !this.#unsettled
  }

  #mayAct(): boolean {
    this.#activeAt = this.clock.now()
    return this.gate.isOpen(this.#activeAt)
  }

  #room(): number {
    return this.#counterpart === undefined || this.#counterpart.congested ? 0 : this.#limit - this.#sent
  }

  #forward(chunk: Uint8Array): void {
    this.#forwarding = true
    let rest = chunk
    // An ACK may come back within the call to `data`: each round sees the credit as it is then.
    for (let room = this.#room(); room > 0 && rest.byteLength > 0; room = this.#room()) {
      const piece = room < rest.byteLength ? rest.subarray(0, room) : rest
      const offset = this.#sent
      this.#sent += piece.byteLength
      rest = rest.subarray(piece.byteLength)
      this.#counterpart?.data(offset, piece)
      if (this.#closed) break
    }
    this.#forwarding = false
    if (this.#closed) return
    if (rest.byteLength > 0) this.#hold(rest)
    if (this.#held !== undefined || this.#room() <= 0) this.socket.pause()
  }

  #hold(chunk: Uint8Array): void {
    const held = this.#held ?? new Uint8Array(0)
    const joined = new Uint8Array(held.byteLength + chunk.byteLength)
    joined.set(held)
    joined.set(chunk, held.byteLength)
    this.#held = joined
  }

  #passEnd(counterpart: Counterpart): void {
    if (!this.#finSent) {
      this.#finSent = true
      counterpart.fin(this.#sent)
    }
    this.#finishIfDone()
  }

  /** `always`: also when it is no news of credit, only of acknowledgement. */
  #tellProgress(always: boolean): void {
    const written = Math.max(0, this.#received - this.socket.queued())
    const due = this.#grant.isDue(written)
    if (!due && !always) return
    const acknowledged = Math.max(this.#acknowledged, written - (this.socket.unacknowledged() ?? 0))
    if (!due && acknowledged === this.#acknowledged) return
    this.#acknowledged = acknowledged
    this.#grant.told(written)
    this.#counterpart?.ack(written, acknowledged, this.#grant.windowBytes)
  }

  #finishIfDone(): void {
    if (this.#socketDone && this.#finSent && !this.#closed) this.#finish(undefined, '')
  }

  #violated(what: string): void {
    this.owner.onIncident(what)
    this.abort('protocol-error', what)
  }

  #finish(reason: Reason | undefined, detail: string): void {
    this.#closed = true
    this.#held = undefined
    this.owner.onFinished(reason, detail)
  }
}
