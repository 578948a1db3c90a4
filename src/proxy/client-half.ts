/**
 * The client's side of a splice on the director: chooses a node, asks it for a backend connection, tries the next one if
 * that fails, and only then lets the client's bytes come: until a backend stands they wait in the client's kernel queue,
 * so a refused backend costs the client nothing but time.
 */
import type { Endpoint } from '../base/address.js'
import type { NodeId, SpliceId, Term } from '../base/ids.js'
import type { Enrolled } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import type { ClientSnapshot } from './attempt.js'
import type { HostOf } from './client-host.js'
import { clientReport } from './client-report.js'
import type { ClientState, Departed, Dialing, Joined, Revival, ServerEnds } from './client-state.js'
import type { Counterpart } from './counterpart.js'
import { WINDOW_BYTES } from './credit.js'
import type { Socket } from './endpoint.js'
import { Half } from './half.js'
import { BY_OTHER_HALF, type HalfOwner } from './half-tools.js'
import { type Introduction, sourceBehind } from './introduction.js'
import type { NodeName } from './lane-protocol.js'
import type { SpliceReport } from './lane-report.js'
import { Patience } from './patience.js'
import type { ChosenNode, Guest } from './places.js'
import type { Reason } from './reasons.js'
import type { Service } from './service.js'

export type { Attempt, ClientSnapshot, OpenRequest } from './attempt.js'
export type { Joined, Revival, ServerEnds } from './client-state.js'
export type { ChosenNode, Places } from './places.js'

/** Nodes that one client's connection is tried on, at most; then the client gets an RST. */
export const ATTEMPTS_MAX = 5

const NOBODY: ReadonlySet<NodeId> = new Set()

/** The other node enforces `connectMs`; its answer may take this much longer before we stop waiting for it. */
const ANSWER_MARGIN_MS = 500

/** A snapshot that is asked with is no older: of its age nothing is said then. */
const FRESH_MS = 1_000

const NO_SNAPSHOT: ClientSnapshot = { bytes: new Uint8Array(0), at: 0 }

export type ClientHost = HostOf<ClientHalf>

export class ClientHalf implements HalfOwner, Enrolled, Guest {
  /** Among the clients of its direction. */
  place = -1
  readonly half: Half
  readonly startedAt: Millis
  /** The other end of its connection. */
  readonly client: Endpoint
  readonly destination: Endpoint
  /** Who it is, where a proxy in front has said so; and what else that has said. */
  readonly source: Endpoint | undefined
  readonly introduction: Introduction | undefined
  /** Nearly all clients are served by the first that is asked: a set is made for the others only. */
  #firstTried: NodeId | undefined
  #allTried: Set<NodeId> | undefined
  #served = false
  #attempts = 0
  /** Since the last look at all nodes, one of them was not asked for want of a data link. */
  #lostLink = false
  /** When it gives up waiting for a node with room; it waits once. */
  #waitsUntil: Millis | undefined
  #hasApologised = false
  #hasVanished = false
  /** Of one that is parked, until a program serves it. */
  #patience: Patience | undefined
  #state: ClientState = { phase: 'choosing' }
  #lastFailure: { reason: Reason; detail: string } = { reason: 'no-backend', detail: 'no node listens on the port' }

  constructor(
    readonly id: SpliceId,
    socket: Socket,
    private readonly host: ClientHost,
    /** What the next director would rebuild `socket` from; empty: nothing. */
    public snapshot: ClientSnapshot = NO_SNAPSHOT,
    revival?: Revival,
  ) {
    this.startedAt = revival?.startedAt ?? host.clock.now()
    if (revival?.parkedUntil !== undefined) {
      this.#patience = new Patience(revival.parkedUntil)
      this.#state = { phase: 'parked' }
      this.#served = true
    }
    this.#waitsUntil = revival?.waitsUntil
    this.client = socket.remote
    this.destination = socket.local
    this.introduction = revival?.introduction
    this.source = revival?.source ?? sourceBehind(this.client, revival?.introduction)
    const { clock, gate, pool } = host
    const tools = { clock, gate, pool, windowBytes: WINDOW_BYTES, keepsUntil: 'written' } as const
    this.half = new Half(socket, this, tools, revival)
  }

  /** The node that serves this client, or is asked now. */
  get node(): ChosenNode | undefined {
    return this.#state.phase === 'dialing' || this.#state.phase === 'joined' ? this.#state.node : undefined
  }

  /** A backend stood for this client, at least for a moment. */
  get served(): boolean {
    return this.#served
  }

  get term(): Term {
    return this.host.term
  }

  get service(): Service {
    return this.host.service
  }

  get isOutward(): boolean {
    return this.host.isOutward === true
  }

  /** Somebody else goes on with it, by a word of his own. */
  get hasVanished(): boolean {
    return this.#hasVanished
  }

  get isDialing(): boolean {
    return this.#state.phase === 'dialing'
  }

  /** No backend stands yet. */
  get isUnserved(): boolean {
    return this.#state.phase !== 'joined' && this.#state.phase !== 'closed'
  }

  /** For a node with room, or for a program at all. */
  get isWaiting(): boolean {
    return this.#state.phase === 'waiting' || this.#state.phase === 'parked'
  }

  /** Its program is gone, and no other serves it yet: until when it waits for one. */
  get parkedUntil(): Millis | undefined {
    return this.#patience?.until
  }

  /** While it waits for a node with room. */
  get waitsUntil(): Millis | undefined {
    return this.#state.phase === 'waiting' ? this.#waitsUntil : undefined
  }

  /**
   * Tries nodes until one can be asked; without one the client gets an RST, as from a host where nobody listens. A node
   * that is only out of reach for the moment, because its data link is being replaced, is asked again (`expire`).
   */
  choose(): void {
    while (this.#state.phase === 'choosing') {
      const tried = this.#tried
      const node = tried.size < ATTEMPTS_MAX ? this.host.places.pick(this, tried) : undefined
      if (this.#patience !== undefined && (node === undefined || node === 'full')) return this.#wait(this.#patience)
      if (node === 'full') return this.#wait()
      if (node === undefined && this.#mayWait()) return
      if (node === undefined) return this.#giveUpAll()
      if (node.sorry === undefined) this.#note(node)
      this.#ask(node)
    }
  }

  /** Some node may have room now. */
  call(): void {
    if (this.#state.phase !== 'waiting') return
    this.#state = { phase: 'choosing' }
    this.choose()
  }

  /** Its other half, where there is one. */
  get joined(): Joined | undefined {
    return this.#state.phase === 'joined' ? this.#state : undefined
  }

  /** The backend half has stood since another director's time. It says by ACK what it takes beyond `credit`. */
  goOn(node: ChosenNode, server: ServerEnds, counterpart: Counterpart, credit = this.half.sent): void {
    if (this.#state.phase !== 'choosing') return
    this.host.places.seat(node)
    this.#state = { phase: 'joined', node, counterpart, server }
    this.#served = true
    this.host.onJoined(this, counterpart)
    this.half.join(counterpart, credit)
  }

  /**
   * Another director goes on with this client, now or later: neither the client nor the backend half is told of an end. `isGone`: its
   * address has left this host.
   */
  vanish(reason: Reason, isGone = false): void {
    const state = this.#state
    if (state.phase !== 'joined') return this.half.abort(reason)
    this.#state = { phase: 'closed' }
    this.#hasVanished = true
    this.host.places.leave(state.node)
    this.half.vanish(reason, isGone)
  }

  onOpened(credit: number, server: ServerEnds, counterpart: Counterpart): void {
    if (this.#state.phase !== 'dialing') return
    this.#state = { phase: 'joined', node: this.#state.node, counterpart, server }
    this.#served = true
    this.#patience = undefined
    this.host.onJoined(this, counterpart)
    this.half.join(counterpart, credit)
  }

  onRefused(reason: Reason, detail: string): void {
    if (this.#state.phase !== 'dialing') return
    const { attempt } = this.#state
    attempt?.counterpart.confirm()
    this.#giveUp(this.#state, reason, detail)
    // An answer within `open` comes back to the loop in `choose`, which goes on by itself.
    if (attempt !== undefined) this.choose()
  }

  /** Called from time to time while no backend stands: the chosen node did not answer, or none could be reached. */
  expire(now: Millis): void {
    if (this.#state.phase === 'parked' && this.#patience !== undefined) {
      if (this.#patience.isOver(now)) return this.half.abort('program-gone', 'no program came in time')
      // What was written to it before must have come: its stream begins anew behind that.
      if (!this.#patience.isDue(now) || this.half.socket.queued() + (this.half.socket.unacknowledged() ?? 0) > 0) return
      this.#state = { phase: 'choosing' }
    }
    if (this.#state.phase === 'choosing') {
      this.#firstTried = undefined
      this.#allTried = undefined
      this.#lostLink = false
      return this.choose()
    }
    if (this.#state.phase === 'waiting' && now >= (this.#waitsUntil ?? now)) {
      this.host.places.onQueueTimeout(this)
      this.#lastFailure = { reason: 'queue-timeout', detail: 'every node is full' }
      this.#state = { phase: 'choosing' }
      return this.#giveUpAll()
    }
    if (this.#state.phase !== 'dialing' || now < this.#state.deadline) return
    const { attempt } = this.#state
    this.#giveUp(this.#state, 'connect-timeout', 'no answer from the node')
    // Only now: a backend on this node answers within the call, and this answer is not wanted any more.
    attempt?.cancel('connect-timeout')
    this.choose()
  }

  onOpen(): void {}

  onDeposed(): void {
    this.vanish('lease-lost')
  }

  onUnsettled(): void {
    this.host.onUnsettled(this)
  }

  onBereft(): boolean {
    // Of a connection at the sorry backend nobody else can go on with.
    return this.node?.sorry === undefined && this.host.onBereft?.(this) === true
  }

  /** Other nodes serve: one that is parked need not wait for its turn. */
  hurry(): void {
    this.#patience?.hurry()
  }

  /** Another client half goes on with its socket. */
  part(): void {
    const state = this.#state
    if (state.phase !== 'joined') return
    this.#state = { phase: 'closed' }
    this.host.places.leave(state.node)
    state.counterpart.confirm()
    this.half.part()
  }

  /** Another director goes on with it as if it had been accepted there: its socket is the caller's. `undefined`: a program serves it. */
  depart(): Departed | undefined {
    const state = this.#state
    if (!this.isUnserved) return undefined
    const { parkedUntil, waitsUntil } = this
    this.#state = { phase: 'closed' }
    if (state.phase === 'dialing') {
      state.attempt?.cancel('other')
      this.host.places.leave(state.node)
    }
    return { parkedUntil, waitsUntil, ...this.half.part() }
  }

  onIncident(what: string): void {
    this.host.onIncident(this, what)
  }

  onFinished(reason: Reason | undefined, detail: string): void {
    const { node } = this
    const state = this.#state
    // First, or a backend on this node would answer the cancelling, and the next node would be asked.
    this.#state = { phase: 'closed' }
    const isEarly = reason === 'peer-reset' && detail === BY_OTHER_HALF && this.half.received === 0
    if (isEarly && node !== undefined && node.sorry === undefined) this.host.onEarlyReset?.(this, node)
    try {
      if (state.phase === 'dialing') state.attempt?.cancel(reason ?? 'other')
      if (state.phase === 'joined') state.counterpart.confirm()
    } finally {
      if (state.phase === 'dialing' || state.phase === 'joined') this.host.places.leave(state.node)
      // Whatever the way to the other half throws: this client is over.
      this.host.onFinished(this, reason, detail === '' && node !== undefined ? node.name : detail)
    }
  }

  report(self: NodeId): Omit<SpliceReport, 'id'> {
    return clientReport(this, self)
  }

  get isRetrying(): boolean {
    return this.#firstTried !== undefined
  }

  /** The sorry backend was asked; it is once, and not of one in the middle of its talk. */
  get hasApologised(): boolean {
    return this.#hasApologised || this.#patience !== undefined
  }

  #note({ node }: NodeName): void {
    if (this.#firstTried === undefined) this.#firstTried = node
    else this.#allTried?.add(node)
  }

  get #tried(): ReadonlySet<NodeId> {
    if (this.#firstTried === undefined) return NOBODY
    this.#allTried ??= new Set([this.#firstTried])
    return this.#allTried
  }

  #mayWait(): boolean {
    const { clock, service } = this.host
    return this.#lostLink && clock.now() < this.startedAt + service.connectMs
  }

  #wait(patience?: Patience): void {
    const { clock, service, places } = this.host
    if (patience !== undefined) {
      patience.wait(clock.now())
      this.#state = { phase: 'parked' }
      return
    }
    this.#waitsUntil ??= clock.now() + service.queueMs
    this.#state = { phase: 'waiting' }
    if (places.enqueue(this)) return
    this.#lastFailure = { reason: 'queue-full', detail: 'every node is full, and so is the queue' }
    this.#state = { phase: 'choosing' }
    this.#giveUpAll()
  }

  /** No node can serve it: the sorry backend answers, or an RST. */
  #giveUpAll(): void {
    const sorry = this.#hasApologised ? undefined : this.host.places.sorry()
    if (sorry === undefined) return this.half.abort(this.#lastFailure.reason, this.#lastFailure.detail)
    this.#ask(sorry)
    // Refused at once, and not by the way of an answer.
    if (this.#state.phase === 'choosing') this.#giveUpAll()
  }

  #giveUp({ node }: Dialing, reason: Reason, detail: string): void {
    this.#state = { phase: 'choosing' }
    this.host.places.leave(node)
    if (reason === 'link-lost') this.#lostLink = true
    this.#lastFailure = { reason, detail: `${node.name}: ${detail}` }
    // The sorry backend is no node of the service.
    if (node.sorry === undefined) this.host.onRetried(this, node, reason, detail)
  }

  #ask(node: ChosenNode): void {
    const { clock, service, term } = this.host
    const { sorry } = node
    if (sorry !== undefined) {
      this.#hasApologised = true
      this.host.places.onSorry()
    }
    if (clock.now() - this.snapshot.at > FRESH_MS) this.snapshot = this.host.refreshed?.(this) ?? this.snapshot
    const deadline = clock.now() + service.connectMs + ANSWER_MARGIN_MS
    const dialing: Dialing = { phase: 'dialing', node, deadline, attempt: undefined }
    this.#state = dialing
    const { id, client, destination, source, introduction } = this
    const [window, snapshot] = [WINDOW_BYTES, this.snapshot.bytes]
    const ends = { port: destination.port, client, destination }
    const who = { source, introduction, sinceMs: Math.max(0, this.startedAt - this.host.begunAt) }
    const request = { id, term, service, ...ends, ...who, window, snapshot, attempt: ++this.#attempts, sorry }
    const attempt = this.host.open(this, node, request)
    if (this.#state !== dialing) return
    if (attempt === undefined) this.onRefused('link-lost', 'no data link to the node')
    else dialing.attempt = attempt
  }
}
