/**
 * One half of a splice: joins a socket with the other half. It moves bytes both ways within credit, keeps half-close, passes RST on as
 * RST, and counts offsets (64 bits, from 0, per direction; FIN is one more unit). Choosing and dialling is client-half's and backend-half's.
 *
 *     socket ──onData──► forward ──(credit)──► counterpart.data
 *     socket ◄──write─── receiveData ◄──────── the other half
 */
import type { Enrolled } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import type { Counterpart } from './counterpart.js'
import { Grant, LAST_BYTES_MAX, WINDOW_BYTES_MAX } from './credit.js'
import type { CloseCause, Socket, SocketHandler } from './endpoint.js'
import { begunAt, type CarriedHalf, type HalfBook, hold, isAtRest, progressOf, resend, writtenOf } from './half-book.js'
import type { HalfOwner, HalfStart, HalfTools, Leftover, Progress, Settled } from './half-tools.js'
import { BEGINNING, BY_OTHER_HALF } from './half-tools.js'
import { type Reason, reasonOfClose } from './reasons.js'
import { Retention } from './retention.js'

export class Half implements SocketHandler, Enrolled {
  /** Among the halves whose peer's acknowledgement is waited for. */
  place = -1
  readonly #grant: Grant
  readonly #kept: Retention
  #counterpart: Counterpart | undefined
  readonly #book: HalfBook
  #forwarding = false
  #unsettled = false
  /** Its last bytes are passed on. */
  #leaving = false

  constructor(
    readonly socket: Socket,
    readonly owner: HalfOwner,
    private readonly tools: HalfTools,
    from: HalfStart | CarriedHalf = BEGINNING,
  ) {
    const { book, window, granted, kept } = 'book' in from ? from : begunAt(from, tools)
    this.#book = book
    this.#grant = new Grant(window, granted)
    this.#kept = new Retention(tools.pool, kept)
    socket.attach(this)
  }

  /** Bytes from the socket that were passed on. */
  get sent(): number {
    return this.#book.sent
  }

  get received(): number {
    return this.#book.received
  }

  /** Bytes that were read wait here for credit, or for the lease. */
  get isHolding(): boolean {
    return this.#book.held !== undefined
  }

  /** Last time that bytes or a FIN came from either side; after both FINs, that some of what came found its place. */
  get activeAt(): Millis {
    return this.#book.activeAt
  }

  get isClosed(): boolean {
    return this.#book.closed
  }

  /** Its bytes that are left are no socket's any more. */
  get isSocketGone(): boolean {
    return this.#book.socketDone || this.#book.closed
  }

  get progress(): Progress {
    return progressOf(this.#book)
  }

  /** One direction has ended, the other goes on. */
  get isHalfClosed(): boolean {
    return this.#book.endRead !== this.#book.finReceived
  }

  get isClosing(): boolean {
    return this.#book.endRead && this.#book.finReceived
  }

  /** Whoever is on the client's side waits for nothing, as far as can be told, and no end was said. */
  get isAtRest(): boolean {
    return this.#counterpart !== undefined && isAtRest(this.#book, this.#kept, this.tools.keepsUntil)
  }

  /** What the other half's socket is known to have acknowledged, and up to where it may be sent to. */
  get settled(): Settled {
    const { start: acknowledged, isWhole } = this.#kept
    return { acknowledged, fin: this.#book.finSettled, limit: this.#book.limit, isWhole }
  }

  /** All that another process needs to go on with it, beside the socket itself. */
  get carried(): CarriedHalf {
    const { windowBytes: window, limit: granted } = this.#grant
    return { book: { ...this.#book }, window, granted, kept: this.#kept.carried }
  }

  /** The other half stands and takes `credit` bytes: reading begins. */
  join(counterpart: Counterpart, credit: number): void {
    this.#counterpart = counterpart
    this.#book.limit = credit
    this.release()
  }

  /**
   * The way to the other half is a new one, and it has got `received` bytes (and the FIN) so far: what it lacks is sent
   * again, and it is told how far this half has come; also by one that has ended in order. `false`: that is not among
   * what is kept, and the splice is lost.
   */
  rejoin(received: number, finReceived: boolean): boolean {
    if (this.#book.resetBy !== undefined) {
      // Said already, perhaps, but over a link that was dead and not known to be.
      this.#counterpart?.reset(this.#book.resetBy)
      return true
    }
    if (this.#counterpart === undefined || (finReceived && !this.#book.finSent)) return false
    if (received !== this.#book.sent && (received > this.#book.sent || this.#kept.peek(received) === undefined))
      return false
    if (this.tools.keepsUntil === 'written') this.#kept.settle(received)
    this.#book.resendFrom = received === this.#book.sent ? undefined : received
    this.#book.finSent = finReceived
    this.#tell(writtenOf(this.#book, this.socket), this.#book.acknowledged, this.#counterpart)
    this.release()
    return true
  }

  /** Nothing will be sent again. */
  discard(): void {
    this.#kept.clear()
  }

  // --- from the socket ---

  onOpen(): void {
    if (!this.#book.closed) this.owner.onOpen()
  }

  onData(chunk: Uint8Array): void {
    if (this.#book.closed) return
    const mayAct = this.#mayAct()
    // Its kernel has told the client that this came: it goes with what follows, or before the last word.
    if (!mayAct || this.#book.held !== undefined) hold(this.#book, chunk)
    else this.#forward(chunk)
    if (!mayAct) this.owner.onDeposed()
  }

  onEnd(): void {
    this.#book.activeAt = this.tools.clock.now()
    this.#book.endRead = true
    this.#book.endedBy ??= 'socket'
    this.release()
  }

  onDrain(): void {
    if (!this.#book.closed) this.#tellProgress(true)
  }

  onClose(cause: CloseCause, detail: string): void {
    if (this.#book.closed) return
    if (cause === 'ended') {
      // The last bytes may still wait here for credit: the socket is gone, the half is not.
      this.#book.socketDone = true
      return this.#finishIfDone()
    }
    this.#counterpart?.reset(reasonOfClose(cause))
    this.#finish(reasonOfClose(cause), detail)
  }

  // --- from the other half ---

  receiveData(offset: number, chunk: Uint8Array): void {
    if (this.#book.closed) return
    if (!this.#mayAct()) return this.owner.onDeposed()
    if (offset !== this.#book.received % 2 ** 32) {
      return this.#violated(`DATA at offset ${offset}, expected ${this.#book.received} (low 32 bits)`)
    }
    const end = this.#book.received + chunk.byteLength
    if (!this.#grant.covers(end)) return this.#violated(`DATA up to ${end} without credit`)
    if (this.#book.finReceived) return this.#violated('DATA after FIN')
    this.#book.received = end
    if (end > this.#book.replayedTo) this.#book.spokeLast = false
    if (this.#counterpart?.isRemote !== false) this.#watch()
    if (this.socket.write(chunk)) this.#tellProgress(false)
  }

  receiveAck(written: number, acknowledged: number, window: number): void {
    if (this.#book.resetBy !== undefined) return
    const most = this.#book.sent + (this.#book.finSent ? 1 : 0)
    if (written > most) return this.#violated(`ACK up to ${written} when ${most} is the end`)
    const settled = this.tools.keepsUntil === 'written' ? written : Math.min(written, acknowledged)
    if (this.isClosing) this.#book.activeAt = this.tools.clock.now()
    this.#book.finSettled = settled > this.#book.sent
    this.#kept.settle(settled)
    this.#book.limit = Math.max(this.#book.limit, written + window)
    this.release()
    this.#finishIfDone()
  }

  receiveFin(offset: number): void {
    if (this.#book.closed) return
    if (!this.#mayAct()) return this.owner.onDeposed()
    if (offset !== this.#book.received)
      return this.#violated(`FIN at offset ${offset}, expected ${this.#book.received}`)
    this.#book.finReceived = true
    this.#book.endedBy ??= 'other'
    this.socket.end()
    // Also where both halves share a lane: that the last bytes go on is all that is heard of them.
    this.#watch()
    // The client half waits for it with its own end; a backend half has its tombstone to wait as.
    if (this.tools.keepsUntil === 'acknowledged') this.#tellProgress(true)
  }

  /** The last bytes are to come: they may go beyond the credit. */
  receiveFreeze(clock: number | undefined): void {
    this.#grant.extend(LAST_BYTES_MAX)
    this.owner.onFrozen?.(clock)
  }

  receiveReset(reason: Reason): void {
    if (this.#book.closed) return
    if (reason === 'program-gone' && this.isAtRest && this.owner.onBereft?.()) return
    this.#finish(reason, BY_OTHER_HALF)
    this.socket.reset()
  }

  // --- from the owner ---

  /** Goes on after new credit, or when the way to the other half is free again. */
  release(): void {
    // Within `#forward` its own loop goes on: a second one here would overtake the bytes that it has in hand.
    if (this.#book.resetBy !== undefined || this.#forwarding || this.#counterpart === undefined) return
    if (!this.#leaving && !this.tools.gate.isOpen(this.tools.clock.now())) return this.owner.onDeposed()
    if (!resend(this.#book, this.#kept, this.#counterpart)) return
    if (this.#book.closed) return this.#passEnd(this.#counterpart)
    const held = this.#book.held
    if (held !== undefined) {
      this.#book.held = undefined
      this.#forward(held)
    }
    if (this.#book.closed || this.#book.held !== undefined) return
    if (this.#book.endRead) this.#passEnd(this.#counterpart)
    else if (this.#room() > 0) this.socket.resume()
  }

  /** Ends both halves with RST. */
  abort(reason: Reason, detail = ''): void {
    if (this.#book.closed) return
    this.#counterpart?.reset(reason)
    this.#finish(reason, detail)
    this.socket.reset()
  }

  /** The other half is lost for good: RST, and nobody is left to tell; unless nothing of it is needed for an end in order. */
  orphan(reason: Reason, detail = ''): void {
    if (this.isAtRest && this.owner.onBereft?.()) return
    if (!this.#book.finReceived || !this.#book.finSettled) this.drop(reason, detail)
  }

  /** Ends this half alone with RST: nobody is left to tell, or the way to the other is what is broken. */
  drop(reason: Reason, detail = ''): void {
    this.#counterpart = undefined
    this.abort(reason, detail)
  }

  /** Ends without a word, and leaves its socket to another half, which attaches itself to it in this turn, or to another director. */
  part(): Leftover {
    const { held, endRead } = this.#book
    this.socket.pause()
    this.#counterpart = undefined
    this.#book.closed = true
    return { held, endRead }
  }

  /**
   * Ends, and neither the client nor its program is told of an end: somebody else goes on with this socket's connection. What its
   * kernel has told the client that it has, the other half gets first, beyond its credit.
   */
  vanish(reason: Reason, isGone: boolean): void {
    const counterpart = this.#counterpart
    if (this.#book.closed) return
    if (counterpart !== undefined) {
      counterpart.freeze(this.socket.clock?.())
      this.#leaving = true
      this.#book.limit = Math.max(this.#book.limit, this.#book.sent + LAST_BYTES_MAX)
      this.release()
      this.socket.readOut?.(isGone)
      counterpart.reset(reason)
      this.#counterpart = undefined
    }
    this.#finish(reason, '')
    if (this.socket.vanish === undefined) this.socket.reset()
    else this.socket.vanish()
  }

  /**
   * The client's acknowledgement raises no event, so it is looked for on a coarse timer while something is on its way.
   * `true`: nothing is left to look for.
   */
  settle(): boolean {
    if (!this.#book.closed) this.#tellProgress(true)
    this.#unsettled =
      !this.#book.closed && this.#book.acknowledged < this.#book.received + (this.#book.finReceived ? 1 : 0)
    return !this.#unsettled
  }

  #watch(): void {
    if (this.#unsettled) return
    this.#unsettled = true
    this.owner.onUnsettled()
  }

  #mayAct(): boolean {
    this.#book.activeAt = this.tools.clock.now()
    return this.#leaving || this.tools.gate.isOpen(this.#book.activeAt)
  }

  #room(): number {
    const isFull = !this.#leaving && this.#counterpart?.congested === true
    const isShut = this.#counterpart === undefined || this.#book.resendFrom !== undefined || isFull
    return isShut ? 0 : this.#book.limit - this.#book.sent
  }

  #forward(chunk: Uint8Array): void {
    this.#forwarding = true
    this.#book.spokeLast = true
    let rest = chunk
    // An ACK may come back within the call to `data`: each round sees the credit as it is then.
    for (let room = this.#room(); room > 0 && rest.byteLength > 0; room = this.#room()) {
      const piece = room < rest.byteLength ? rest.subarray(0, room) : rest
      const offset = this.#book.sent
      this.#book.sent += piece.byteLength
      rest = rest.subarray(piece.byteLength)
      if (this.#counterpart?.isRemote) this.#kept.append(piece)
      this.#counterpart?.data(offset, piece)
      if (this.#book.closed) break
    }
    this.#forwarding = false
    if (this.#book.closed) return
    if (rest.byteLength > 0) this.#book.held = rest.slice()
    if (this.#book.held !== undefined || this.#room() <= 0) this.socket.pause()
  }

  #passEnd(counterpart: Counterpart): void {
    if (!this.#book.finSent) {
      this.#book.finSent = true
      counterpart.fin(this.#book.sent)
    }
    this.#finishIfDone()
  }

  /** `always`: also when it is no news of credit, only of acknowledgement. */
  #tellProgress(always: boolean): void {
    const written = writtenOf(this.#book, this.socket)
    const due = this.#grant.isDue(written)
    if (!due && !always) return
    // Asked only where the answer frees something: a backend's TCP may lose no more than its node does.
    const matters = this.tools.keepsUntil === 'written' && this.#counterpart?.isRemote === true
    const onItsWay = matters ? (this.socket.unacknowledged() ?? 0) : 0
    const acknowledged = Math.max(this.#book.acknowledged, written - onItsWay)
    if (!due && acknowledged === this.#book.acknowledged && written === this.#book.toldWritten) return
    const { clock, pool } = this.tools
    if (this.isClosing) this.#book.activeAt = clock.now()
    if (due) this.#grant.grow(clock.now(), this.#counterpart?.rttMs ?? 0, WINDOW_BYTES_MAX * pool.freeShare)
    if (this.#counterpart !== undefined) this.#tell(written, acknowledged, this.#counterpart)
  }

  #tell(written: number, acknowledged: number, counterpart: Counterpart): void {
    this.#book.toldWritten = written
    this.#book.acknowledged = acknowledged
    this.#grant.told(written)
    counterpart.ack(written, acknowledged, this.#grant.windowBytes)
  }

  #finishIfDone(): void {
    if (!this.#book.socketDone || !this.#book.finSent || this.#book.closed) return
    // A link may still break under the last bytes: a backend half waits with them as a tombstone, a client half here.
    const isRemote = this.#counterpart?.isRemote === true
    if (!isRemote || this.tools.keepsUntil === 'acknowledged' || this.#book.finSettled) this.#finish(undefined, '')
  }

  #violated(what: string): void {
    this.owner.onIncident(what)
    this.abort('protocol-error', what)
  }

  #finish(reason: Reason | undefined, detail: string): void {
    this.#book.closed = true
    this.#book.held = undefined
    if (reason !== undefined) {
      this.#book.resetBy = reason
      this.#kept.clear()
    }
    this.owner.onFinished(reason, detail)
  }
}
