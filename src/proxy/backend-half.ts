/**
 * The backend's side of a splice on the chosen node: dials the program, says who the client is (PROXY header), answers
 * OPENED or REFUSED, and then is one half like any other. A finished one stays as a tombstone until the client half
 * confirms.
 */
import type { Clock } from '../base/clock.js'
import { type NodeId, sameTerm, type Term } from '../base/ids.js'
import type { Enrolled } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import type { ClientSnapshot } from './client-half.js'
import type { Counterpart } from './counterpart.js'
import { WINDOW_BYTES } from './credit.js'
import { type ClientProgress, DarkTime } from './dark-time.js'
import type { Socket } from './endpoint.js'
import { Half } from './half.js'
import type { CarriedHalf } from './half-book.js'
import type { HalfOwner } from './half-tools.js'
import type { SpliceReport } from './lane-report.js'
import type { LedgerRow } from './ledger-frames.js'
import type { Reason } from './reasons.js'
import type { RetentionPool } from './retention-pool.js'
import type { OpenFrame } from './splice-frame.js'
import { continued, NO_HISTORY, type SpliceHistory } from './splice-history.js'

/** What OPEN said, without what belongs to one link. */
export type BackendRequest = Omit<OpenFrame, 'kind' | 'handle'>

/** Where the answer to OPEN goes, and the frames after it. */
export interface BackendReply {
  readonly counterpart: Counterpart
  /** Its addresses are asked for only where they are told: that is a system call. */
  opened(window: number, socket: Pick<Socket, 'local' | 'remote'>): void
  refused(reason: Reason, detail: string): void
  /** Nothing more will be said of this splice. */
  gone(): void
}

export interface BackendHost {
  readonly clock: Clock
  readonly pool: RetentionPool
  onUnsettled(backend: BackendHalf): void
  onIncident(backend: BackendHalf, what: string): void
  /** Nothing of this half is needed any more. */
  onForgotten(backend: BackendHalf): void
}

/** What makes it one that another process had. */
export interface CarriedBackend {
  readonly startedAt: Millis
  readonly term: Term
  readonly snapshot: ClientSnapshot
  readonly finished: boolean
  readonly confirmed: boolean
  /** A process of an earlier release does not say. */
  readonly history?: SpliceHistory
  readonly half: CarriedHalf
}

/** A backend half is fenced by terms when it is bound to a link, not by a clock. */
const ALWAYS = { isOpen: () => true }

export class BackendHalf implements HalfOwner, Enrolled {
  /** Among the backend halves of its lane. */
  place = -1
  readonly half: Half
  readonly startedAt: Millis
  /** That of the director who has it now. */
  term: Term
  #snapshot: ClientSnapshot
  /** Of the client's socket when its director gave it up, which no later one has taken yet. */
  #clock: { readonly value: number; readonly at: Millis } | undefined
  readonly #dark = new DarkTime()
  /** How often it has changed its director. */
  #history: SpliceHistory
  /** Its director has given the client up in order. */
  #isGivenUp = false
  #opened: boolean
  #finished: boolean
  #confirmed: boolean

  constructor(
    readonly request: BackendRequest,
    socket: Socket,
    private readonly reply: BackendReply,
    private readonly host: BackendHost,
    carried?: CarriedBackend,
  ) {
    this.startedAt = carried?.startedAt ?? host.clock.now()
    this.term = carried?.term ?? request.term
    this.#snapshot = carried?.snapshot ?? { bytes: request.snapshot, at: this.startedAt }
    this.#history = carried?.history ?? NO_HISTORY
    this.#opened = carried !== undefined
    this.#finished = carried?.finished === true
    this.#confirmed = carried?.confirmed === true
    const { clock, pool } = host
    const tools = { clock, gate: ALWAYS, pool, windowBytes: WINDOW_BYTES, keepsUntil: 'acknowledged' } as const
    this.half = new Half(socket, this, tools, carried?.half)
  }

  get carried(): CarriedBackend {
    const { startedAt, term, half } = this
    const [snapshot, finished, confirmed] = [this.#snapshot, this.#finished, this.#confirmed]
    return { startedAt, term, snapshot, finished, confirmed, history: this.#history, half: half.carried }
  }

  get counterpart(): Counterpart {
    return this.reply.counterpart
  }

  /** In another process, where its client half is known again. */
  goOn(): void {
    this.half.join(this.reply.counterpart, this.half.settled.limit)
  }

  get history(): SpliceHistory {
    return this.#history
  }

  /** Its program has asked for the connection. */
  get isOutward(): boolean {
    return this.request.call > 0
  }

  /** Finished, but the client half has not confirmed. */
  get isTombstone(): boolean {
    return this.#finished
  }

  get isOpened(): boolean {
    return this.#opened
  }

  /** The client half is done, or will not come. */
  get isConfirmed(): boolean {
    return this.#confirmed
  }

  /** Its client half could be rebuilt on another node: that one's socket was read out, and all it would lack is kept. */
  get isSurvivable(): boolean {
    return this.#opened && this.#snapshot.bytes.byteLength > 0 && this.half.settled.isWhole
  }

  /** A new director goes on with the client. `snapshot`: none where it is as it was. */
  obey(term: Term, snapshot: Uint8Array, snapshotAgeMs: Millis): void {
    this.#history = this.#historyIn(term)
    this.#isGivenUp = false
    this.term = term
    this.#dark.resume(this.#progress, this.host.clock.now())
    if (snapshot.byteLength > 0) this.#snapshot = { bytes: snapshot, at: this.host.clock.now() - snapshotAgeMs }
    this.#clock = undefined
  }

  /** The client's socket says nothing from now on, and this was the time that it told last. */
  onFrozen(clock: number | undefined): void {
    this.onForsaken()
    this.#isGivenUp = true
    this.#clock = clock === undefined ? undefined : { value: clock, at: this.host.clock.now() }
  }

  /** Its director has given the client up, for another one to go on with. */
  onForsaken(): void {
    this.#dark.begin(this.#progress, this.host.clock.now())
  }

  /** What the director of `term` needs to rebuild the client half, if nothing has come from the last one for `silentMs`. */
  row(silentMs: Millis, term = this.term): LedgerRow {
    const { half, request } = this
    const { sent, received, finReceived } = half.progress
    const { acknowledged, fin, limit, isWhole } = half.settled
    const now = this.host.clock.now()
    return {
      id: request.id,
      term: this.term,
      client: request.client,
      destination: request.destination,
      source: request.source,
      local: half.socket.local,
      remote: half.socket.remote,
      snapshot: this.#snapshot.bytes,
      snapshotAgeMs: now - (this.#clock?.at ?? this.#snapshot.at),
      clock: this.#clock?.value,
      darkMs: now - this.#dark.since(this.#progress, now - silentMs),
      ageMs: now - this.startedAt,
      up: received,
      finUp: finReceived,
      acknowledged,
      finAcknowledged: fin,
      down: sent,
      limit: Math.max(limit, sent),
      isWhole,
      isOutward: this.isOutward,
      isAnswered: half.isAtRest,
      history: this.#historyIn(term),
      uniqueId: request.uniqueId,
    }
  }

  onOpen(): void {
    const { socket } = this.half
    if (this.request.proxyHeader.byteLength > 0) socket.write(this.request.proxyHeader)
    this.#opened = true
    this.reply.opened(WINDOW_BYTES, socket)
    this.half.join(this.reply.counterpart, this.request.window)
  }

  /** Its gate has no lock. */
  onDeposed(): void {}

  onUnsettled(): void {
    this.host.onUnsettled(this)
  }

  onIncident(what: string): void {
    this.host.onIncident(this, what)
  }

  onFinished(reason: Reason | undefined, detail: string): void {
    this.#finished = true
    if (!this.#opened) this.reply.refused(reason ?? 'other', detail)
    this.#goWhenDone()
  }

  /** The client half is done. What it sent may still be on its way to the program. */
  confirm(): void {
    this.#confirmed = true
    this.#goWhenDone()
  }

  /** No client half will come: the program gets an RST, unless only the last bytes to it are still on their way. */
  orphan(reason: Reason): void {
    this.#confirmed = true
    if (this.#finished) this.#goWhenDone()
    else this.half.orphan(reason)
  }

  /** Gives the splice up without another word; the socket is closed already. */
  forget(): void {
    this.half.discard()
    this.reply.gone()
    this.host.onForgotten(this)
  }

  report(self: NodeId): Omit<SpliceReport, 'id'> {
    const { half, request } = this
    const { local, remote } = half.socket
    return {
      service: request.service,
      here: 'backend',
      direction: this.isOutward ? 'out' : 'in',
      state: !this.#opened ? 'dialing' : half.isClosing ? 'closing' : half.isHalfClosed ? 'half-closed' : 'open',
      term: this.term,
      director: this.term.holder,
      backend: self,
      client: request.source ?? request.client,
      ...(request.source && { via: request.client }),
      destination: request.destination,
      server: this.#opened ? { from: local, to: remote } : undefined,
      startedAt: this.startedAt,
      activeAt: half.activeAt,
      bytesUp: half.received,
      bytesDown: half.sent,
      mortal: this.isSurvivable ? '' : this.#mortal,
    }
  }

  #historyIn(term: Term): SpliceHistory {
    return sameTerm(term, this.term) ? this.#history : continued(this.#history, this.#isGivenUp)
  }

  get #progress(): ClientProgress {
    const { received } = this.half.progress
    return { received, acknowledged: this.half.settled.acknowledged }
  }

  get #mortal(): string {
    if (!this.#opened) return 'no program serves it yet'
    if (this.#snapshot.bytes.byteLength === 0) return 'its socket cannot be rebuilt elsewhere'
    return 'more is on its way to the client than is kept'
  }

  #goWhenDone(): void {
    if (this.#finished && this.#confirmed) this.forget()
  }
}
