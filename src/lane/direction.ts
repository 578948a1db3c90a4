/**
 * One service that this lane directs in one term: listens on its ports, accepts clients, chooses nodes. It acts only
 * within the lease, which it reads from shared memory at every accept and every chunk.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { NodeId, Term } from '../base/ids.js'
import { Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import {
  type Attempt,
  ClientHalf,
  type ClientHost,
  type ClientSnapshot,
  type OpenRequest,
  type Revival,
} from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import { BEGINNING } from '../proxy/half-tools.js'
import type { Introduction } from '../proxy/introduction.js'
import type { NodeName, ToLane } from '../proxy/lane-protocol.js'
import type { RevivalReport } from '../proxy/lane-report.js'
import type { LedgerRow, MortalFrame } from '../proxy/ledger-frames.js'
import { areFoundPorts, includesPort } from '../proxy/port-list.js'
import type { Socket, SocketHandler } from '../proxy/ports.js'
import { isForsaken, type Reason } from '../proxy/reasons.js'
import type { Service } from '../proxy/service.js'
import { clientSnapshot } from './client-snapshot.js'
import { sendOff } from './departures.js'
import { Dials } from './dials.js'
import type { DirectionHost } from './direction-host.js'
import { contained, faultyClient } from './faults.js'
import { isIdleTooLong } from './idleness.js'
import { type LaneContext, logFrom } from './lane-context.js'
import { ListenSet, type ListenSetHandler } from './listen-set.js'
import { LostClients } from './lost-clients.js'
import { type Newcomer, Newcomers } from './newcomers.js'
import { Parking, snapshotNow } from './parking.js'
import { Placement } from './placement.js'
import { Readmission } from './readmission.js'
import { LEDGER_MS_MAX, type LedgerLink, Recovery } from './recovery.js'
import { NONE_REVIVED, Revivals } from './revivals.js'
import { shareListener } from './shared-listener.js'
import { logEnded, logIncident, logRetried, logUnserved } from './splice-log.js'
import type { Transit } from './transit.js'

/** What other lanes may be late by when they let go of a socket; one that is busy comes to its messages within a turn. */
const IN_USE_MS_MAX: Millis = 500

const NO_STANDBYS: readonly NodeId[] = []

type DirectMessage = Extract<ToLane, { type: 'direct' }>

export class Direction implements ClientHost {
  readonly clients = new Roll<ClientHalf>()
  readonly clock
  readonly pool
  readonly gate
  readonly places: Placement
  /** Connections that it makes for programs of the nodes. */
  readonly outward: Dials
  readonly newcomers: Newcomers
  readonly parking: Parking
  readonly #listeners: ListenSet
  readonly term: Term
  /** Of the splices of an earlier director. */
  readonly recovery: Recovery | undefined
  readonly #revivals: Revivals | undefined
  /** Of an earlier director, that no program served. */
  readonly readmission: Readmission | undefined
  readonly #lost: LostClients | undefined
  readonly begunAt: Millis
  /** Its address comes and goes with it. */
  readonly isGiven: boolean
  #state: 'starting' | 'serving' | 'over' = 'starting'

  constructor(
    private definition: Service,
    message: Pick<DirectMessage, 'term' | 'slot' | 'given' | 'members' | 'standbys'>,
    private readonly context: LaneContext,
    private readonly host: DirectionHost,
    /** Its listening sockets, by address, that the process before this one has left. */
    left?: Map<string, number>,
  ) {
    const { term, slot, given = false, members, standbys = NO_STANDBYS } = message
    this.term = term
    this.isGiven = given
    this.begunAt = context.clock.now()
    this.clock = context.clock
    this.pool = context.pool
    this.gate = { isOpen: (now: Millis) => context.leases.isHeld(slot, now) }
    const handler: ListenSetHandler = {
      onOpened: (at, listener, since) => shareListener(context, this, at, listener, since),
      onComplete: () => this.#onComplete(),
      onAccept: (socket) => this.accept(socket),
      onProblem: (at, code, fatal) => this.#onProblem(at, code, fatal),
    }
    this.places = new Placement(definition, context, host.seats, this.clients)
    this.outward = new Dials(this, context, host)
    this.newcomers = new Newcomers(this, context)
    this.parking = new Parking(this, context, () => host.nextSpliceId())
    this.#listeners = new ListenSet(context.sockets, handler, context.setup.lanes > 1 ? IN_USE_MS_MAX : 0, left)
    if (members === undefined) return
    const { rebuilder } = context
    this.#lost = new LostClients(this, context, standbys, (node) => host.linksTo(node))
    if (rebuilder !== undefined) {
      this.#revivals = new Revivals(this, context, rebuilder)
      this.readmission = new Readmission(this, this.#lost, context, rebuilder)
    }
    this.recovery = new Recovery(definition.name, term, members, this.clock.now() + LEDGER_MS_MAX, host.nextToken(), {
      links: () => host.links,
      hasEnded: (node) => host.hasEnded(node),
      revive: (row, link) => this.#revive(row, link),
      readmit: (frame) => this.#state !== 'over' && this.readmission?.hear(frame),
      onComplete: ({ missing }) => {
        if (this.#revivals === undefined) this.#onRecovered(missing)
        else this.#revivals.onceWhole(() => this.#onRecovered(missing))
      },
    })
  }

  get service(): Service {
    return this.definition
  }

  /** The first lane opens the service's ports; the others accept on the same sockets (`adopt`). */
  start(): void {
    const { address, keepaliveMs } = this.definition
    const isFirst = this.context.setup.lane === 0
    if (this.isGiven) {
      if (this.recovery?.isComplete === false) this.recovery.start()
      return isFirst ? this.#onComplete() : undefined
    }
    this.#listeners.want(
      this.host.seats.portsOf(this.definition).map((port) => ({ address, port })),
      this.clock.now(),
    )
    if (isFirst) this.#listeners.open(keepaliveMs)
  }

  /** From its own listeners, or the front door. */
  accept(socket: Socket): void {
    if (this.#state === 'over' || !this.gate.isOpen(this.clock.now())) return socket.reset()
    this.context.counters.accepted++
    const snapshot = clientSnapshot(socket, this.isGiven, this.context.rebuilder)
    if (!this.newcomers.take(socket, snapshot)) this.admit(socket, snapshot)
  }

  /** It has said for whom it comes. */
  welcome(newcomer: Newcomer, introduction: Introduction, held: Uint8Array): SocketHandler | undefined {
    const { socket, startedAt } = newcomer
    if (this.#state === 'over' || !this.gate.isOpen(this.clock.now())) return void socket.reset()
    const snapshot = this.context.rebuilder?.past(newcomer.snapshot, introduction.bytes) ?? newcomer.snapshot
    return this.admit(socket, snapshot, { ...BEGINNING, held, startedAt, introduction })
  }

  /** A port that an earlier director uses must not be taken: first all of them are known. */
  get mayDial(): boolean {
    return this.#state !== 'over' && this.recovery?.isComplete !== false
  }

  /** Whether a connection that came to the front door is this one's. */
  isFor({ address, port }: Endpoint): boolean {
    return this.isGiven && this.definition.address === address && includesPort(this.definition.ports, port)
  }

  /** Rebuilt sockets are not yet what they will be. */
  get isSettling(): boolean {
    return this.#revivals?.isSettling === true || this.readmission?.isSettling === true
  }

  /** None of them waits for its client's word. */
  get isSettled(): boolean {
    return this.#revivals?.isSettled !== false
  }

  /** The sockets that it listens on, if it opened them. */
  listening(): { readonly at: Endpoint; readonly fd: number }[] {
    return this.context.setup.lane === 0 ? this.#listeners.listening() : []
  }

  /** `fd` is a listening socket of the service that was opened elsewhere, and this lane's from now on. */
  adopt(fd: number, at: Endpoint, since: number): void {
    this.#listeners.adopt(fd, at, since)
  }

  /** Other nodes serve; and where any port is meant, those are listened on that some node has a program for. */
  followSeats(): void {
    this.places.followSeats()
    this.parking.followSeats()
    if (areFoundPorts(this.definition.ports) && !this.isGiven && this.#state !== 'over') this.start()
  }

  /** The definition changed: ports that stay keep their listener, and splices live on. */
  follow(definition: Service): void {
    this.definition = definition
    this.places.follow(definition)
    this.newcomers.follow(definition)
    this.#state = 'starting'
    this.start()
  }

  /** All that have come are served. */
  get isQuiet(): boolean {
    if (this.newcomers.areFresh(this.clock.now())) return false
    for (const client of this.clients) if (client.isUnserved && !client.isWaiting) return false
    return true
  }

  /** Its address is here. */
  letGo(): void {
    this.#lost?.letGo(this.clock.now())
    this.#revivals?.letGo()
    this.readmission?.letGo()
  }

  /** Who would be next. */
  followStandbys(standbys: readonly NodeId[]): void {
    this.#lost?.followStandbys(standbys)
  }

  /** A splice of an earlier director, whose program was on `host`. */
  onMortal(frame: MortalFrame): void {
    this.#lost?.onMortal(frame)
  }

  get revivals(): RevivalReport {
    return this.#revivals?.report() ?? NONE_REVIVED
  }

  /**
   * Lets the ports go, and every client: in silence where another director may go on with it, with an RST otherwise. `transit`: where
   * those go that no program serves.
   */
  stop(reason: Reason, transit?: Transit): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#listeners.close()
    this.outward.stop()
    if (transit !== undefined && this.isGiven) sendOff(this, this.context, transit, () => this.host.nextSpliceId())
    this.newcomers.close()
    this.#revivals?.verdicts.close()
    this.readmission?.close()
    this.#lost?.close()
    if (isForsaken(reason)) logUnserved(this.context, this.service.name, this.clients)
    for (const client of [...this.clients]) {
      this.#contained(client, () =>
        isForsaken(reason) ? client.vanish(reason, this.isGiven) : client.half.abort(reason),
      )
    }
    this.host.onStopped(this)
  }

  /** Once in a while: attempts without an answer, and splices that were idle for too long. */
  sweep(now: Millis): void {
    this.recovery?.sweep(now)
    this.#revivals?.sweep(now)
    this.#listeners.sweep(now)
    this.#lost?.sweep(now, this.clients)
    this.newcomers.sweep(now)
    this.places.sweep(now)
    for (const client of this.clients) {
      if (client.isUnserved) this.#contained(client, () => client.expire(now))
      // Where there was no room, or the setting is newer than the connection.
      else if (client.joined !== undefined) this.#hold(client, client.joined.counterpart)
      if (isIdleTooLong(client.half, this.service.idleMs, now))
        this.#contained(client, () => client.half.abort('idle-limit'))
    }
  }

  // --- what a client half asks for ---

  open(client: ClientHalf, to: NodeName, request: OpenRequest): Attempt | undefined {
    return this.host.open(client, to, request)
  }

  onJoined(client: ClientHalf, counterpart: Counterpart): void {
    this.parking.onServed(client)
    this.context.records?.joined(client)
    this.#hold(client, counterpart)
  }

  onRetried(client: ClientHalf, node: NodeName, reason: Reason, detail: string): void {
    this.context.counters.retried++
    this.host.failures.refused(this.service, node, reason, detail)
    logRetried(this.context, client, { node: node.name, reason, detail })
  }

  onEarlyReset(_client: ClientHalf, node: NodeName): void {
    this.host.failures.reset(this.service, node)
  }

  onUnsettled(client: ClientHalf): void {
    this.host.unsettled.add(client.half)
  }

  onIncident(client: ClientHalf, what: string): void {
    this.context.counters.incidents++
    logIncident(this.context, client, what)
  }

  readonly refreshed = (client: ClientHalf) => snapshotNow(client, this.clock.now())

  onBereft(client: ClientHalf): boolean {
    const isFit = this.#state !== 'over' && this.#revivals?.isDoubtful(client) !== true
    return isFit && this.parking.take(client)
  }

  onFinished(client: ClientHalf, reason: Reason | undefined, detail: string): void {
    const { counters } = this.context
    // The RST of a rebuilt socket may not fit, and what the kernel answers afterwards is held back.
    // One that was lost on a full way would be missed until the client's timer, which has backed off, runs out.
    const isHeard = this.#lost?.isKnown === true && reason !== 'input-lost'
    const isGuarded = this.#state !== 'over' && !isHeard && client.startedAt < this.begunAt
    if (isGuarded && reason !== undefined && !isForsaken(reason)) this.#lost?.add(client)
    this.parking.onFinished(client)
    this.forget(client)
    if (reason === undefined) counters.ended++
    else if (client.served) counters.reset++
    else counters.refused++
    logEnded(this.context, this.service.name, client, reason, detail)
  }

  /** Nothing of it is this direction's any more. */
  forget(client: ClientHalf): void {
    const { context, host } = this
    this.clients.delete(client)
    this.places.onFinished(client)
    context.holds?.end(client)
    host.unsettled.delete(client.half)
    context.counters.bytesUp += client.half.sent
    context.counters.bytesDown += client.half.received
  }

  /** What is done to one must not keep the others from their turn. */
  #contained(client: ClientHalf, act: () => void): void {
    contained(this.context, act, () => faultyClient(client))
  }

  #hold(client: ClientHalf, counterpart: Counterpart): void {
    if (this.service.uploads === 'survive') this.context.holds?.begin(client, counterpart)
  }

  /** Its client half hears the socket from now on. */
  admit(socket: Socket, snapshot: ClientSnapshot, from?: Revival): SocketHandler {
    const client = new ClientHalf(this.host.nextSpliceId(), socket, this, snapshot, from)
    this.take(client)
    return client.half
  }

  /** One that no program serves yet. */
  take(client: ClientHalf): void {
    if (this.#state === 'over') return client.half.abort('lease-lost')
    this.clients.add(client)
    this.parking.add(client)
    this.#contained(client, () => client.choose())
  }

  #revive(row: LedgerRow, link: LedgerLink): void {
    if (this.#state === 'over') return
    const bequest = this.host.estate.take({ client: row.client, destination: row.destination })
    const client =
      bequest === undefined
        ? this.#revivals?.revive(row, link, row.darkMs ?? this.host.darkMs(row.term.holder))
        : this.#revivals?.adopt(row, link, bequest)
    this.#lost?.onTold(row, client === undefined)
    if (client?.half.isClosed === false) this.clients.add(client)
  }

  #onRecovered(missing: readonly NodeId[]): void {
    const { revived, failed } = this.#revivals?.counts ?? { revived: 0, failed: 0 }
    // No other node has a word of them: they had not been served yet, or by a program of this very host.
    for (const bequest of this.host.estate.takeRest((destination) => this.isFor(destination))) {
      const socket = this.context.rebuilder?.adoptFresh(bequest)
      if (socket !== undefined) this.accept(socket)
    }
    const { service, term } = this
    this.context.post({ type: 'recovered', service: service.name, term, revived, failed, missing })
  }

  #onComplete(): void {
    if (this.#state !== 'starting') return
    this.#state = 'serving'
    this.context.post({ type: 'serving', service: this.service.name, term: this.term })
  }

  #onProblem(at: Endpoint, code: string, fatal: boolean): void {
    if (this.#state === 'over') return
    if (!fatal) {
      this.context.counters.incidents++
      const fields = { service: this.service.name, address: formatEndpoint(at), code }
      return logFrom(this.context, 'error', 'accept-failed', fields)
    }
    this.context.post({ type: 'cannot-serve', service: this.service.name, term: this.term, at, code })
    this.stop('other')
  }
}
