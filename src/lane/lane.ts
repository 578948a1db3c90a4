/**
 * A lane: the data plane of one thread. It owns client halves, backend halves and data links, and speaks with the
 * control plane in the messages of proxy/lane-protocol only.
 */
import type { Endpoint } from '../base/address.js'
import { type NodeId, type SpliceId, sameTerm, type Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import { Half } from '../proxy/half.js'
import { proxyHeaderFor } from '../proxy/identity.js'
import type { NodeName, ToLane } from '../proxy/lane-protocol.js'
import type { LaneReport } from '../proxy/lane-report.js'
import type { MortalFrame } from '../proxy/ledger-frames.js'
import type { SocketHandler } from '../proxy/ports.js'
import { contestOf, DOOR_KEEPALIVE_MS, type Service, sameService } from '../proxy/service.js'
import { WatchedSocket } from '../proxy/watched-socket.js'
import { Backends } from './backends.js'
import { rowsOfHalves } from './bequest.js'
import type { CarriedRow, RowOut, SpliceRow } from './carried.js'
import { Direction } from './direction.js'
import type { DirectionHost } from './direction-host.js'
import { Emptying } from './emptying.js'
import { Estate } from './estate.js'
import { Failures } from './failures.js'
import { contained, containFault, type Faulty, faultyBackend, faultyClient, faultyHalf } from './faults.js'
import { Inheritance, type Left, LeftListeners, Splices } from './inheritance.js'
import { type LaneContext, logFrom } from './lane-context.js'
import type { LedgerNews } from './link-host.js'
import { Links } from './links.js'
import { openHere } from './openings-here.js'
import { Outward } from './outward.js'
import { OwnLedger } from './own-ledger.js'
import type { LedgerLink, Recoveries } from './recovery.js'
import { rehearse } from './rehearsal.js'
import { laneReport } from './report.js'
import { Seats } from './seats.js'
import { Unsettled } from './unsettled.js'
import { beginHolding } from './upload-holds.js'

/** Each connection says to which it came. */
const ANY_ADDRESS = '0.0.0.0'
/** A program that takes longer to accept a connection keeps a move waiting no longer (`MOVE_OUT_CONFIG.serveMsMax`). */
const HUSH_MS_MAX: Millis = 200
const HUSH_LOOK_MS: Millis = 2

export class Lane implements DirectionHost, Recoveries {
  readonly unsettled = new Unsettled()
  readonly estate = new Estate()
  readonly failures = new Failures()
  readonly #directions = new Map<string, Direction>()
  readonly #services = new Map<string, Service>()
  readonly seats: Seats
  readonly #backends: Backends
  readonly #links: Links
  readonly #own: OwnLedger
  readonly #outward: Outward
  #splicesAccepted: number
  #recoveries = 0
  readonly #moves = new Map<number, Emptying>()
  /** Said before this lane may act. */
  #waiting: ToLane[] | undefined
  readonly #leftListeners = new LeftListeners()

  constructor(private readonly context: LaneContext) {
    // The lane before this one may have died, and what it named goes on.
    this.#splicesAccepted = context.counters.accepted
    this.seats = new Seats(context.setup.node)
    this.#outward = new Outward(context, {
      service: (name) => this.#services.get(name),
      dials: (service) => this.#directions.get(service)?.outward,
      linkTo: (node) => this.#links.to(node),
      openHere: (client, request) => openHere(this.#backends, client, request),
    })
    this.#backends = new Backends(context, this.unsettled, this.#outward.calls)
    this.#links = new Links(context, this.#backends, this, this.#outward)
    this.#own = new OwnLedger(context.setup, this.#backends, this.#links.ledgers, this)
    if (context.setup.inherits === true) this.#waiting = []
  }

  // --- from one process to the next ---

  /** All that another process needs to go on; nothing moves until the last is made. */
  *rows(): Generator<RowOut, void, undefined> {
    const { counters, records } = this.context
    const said = { splicesAccepted: this.#splicesAccepted, counters: { ...counters }, lines: records?.pending }
    yield { row: { kind: 'lane', ...said }, fd: -1 }
    const { fd = -1 } = this.#links.listener ?? {}
    if (fd >= 0) yield { row: { kind: 'data-listener' }, fd }
    yield* this.#outward.rows()
    yield* rowsOfHalves(this.#directions.values(), this.#backends, this.#links, this.context)
  }

  /** Another process has taken all. */
  leave(): void {
    this.context.holds?.leave()
    this.#links.leave()
  }

  /** Of what the process before has left: what fences first, then all that was said meanwhile, then the splices. */
  takeOver(left: readonly Left<CarriedRow>[]): void {
    const said = this.#waiting ?? []
    this.#waiting = undefined
    const splices = new Splices()
    for (const { row, fd } of left) {
      if (row.kind === 'client' || row.kind === 'backend' || row.kind === 'newcomer') splices.add(row, fd)
      else this.#contained(() => this.#inherit(row, fd))
    }
    for (const message of said) this.#contained(() => this.receive(message))
    this.#leftListeners.close(this.context.sockets)
    this.#outward.goOn()
    const parts = { context: this.context, backends: this.#backends, links: this.#links, unsettled: this.unsettled }
    new Inheritance({ ...parts, directionOf: (service) => this.#directions.get(service) }).take(splices)
  }

  #inherit(row: Exclude<CarriedRow, SpliceRow>, fd: number): void {
    if (row.kind === 'lane') {
      this.#splicesAccepted = row.splicesAccepted
      Object.assign(this.context.counters, row.counters)
      this.context.records?.add(row.lines ?? [])
    } else if (row.kind === 'obeyed') this.#backends.obey(row.contest, row.term)
    else if (row.kind === 'data-listener') this.#links.listen(0, fd)
    else if (row.kind === 'listener') this.#leftListeners.add(row, fd)
    else this.#outward.inherit(row, fd)
  }

  receive(message: ToLane): void {
    if (this.#waiting !== undefined && message.type !== 'query' && message.type !== 'stop') {
      return void this.#waiting.push(message)
    }
    switch (message.type) {
      case 'source-way':
        return this.#backends.setSourceWay(message.why)
      case 'listen-data':
        return this.#links.listen(message.port)
      case 'link-expect':
        return this.#links.expect(message.peer, message.pair, message.keys)
      case 'link-dial':
        return this.#links.dial(message.peer, message.pair, message.keys, message.to)
      case 'peer-gone':
        return this.#links.onPeerGone(message.peer, message.hasEnded)
      case 'services':
        return this.#setServices(message.services)
      case 'backends':
        this.seats.set(message)
        return this.#directions.get(message.service)?.followSeats()
      case 'local-listeners':
        return this.#backends.setListeners(message.listeners, message.ending)
      case 'direct':
        return this.#direct(message)
      case 'undirect':
        this.#directions.get(message.service)?.stop(message.why)
        return this.context.post({ type: 'undirected', service: message.service, slot: message.slot })
      case 'close-backends':
        return this.#backends.close(message.share, message.service)
      case 'move-out':
        return this.#moveOut(message)
      case 'let-go':
        return this.#letGo(message)
      case 'standbys':
        return this.#of(message)?.followStandbys(message.standbys)
      case 'hush':
        return this.#hush(message, this.context.clock.now() + HUSH_MS_MAX)
      case 'rehearse':
        return rehearse(this.context, message.rehearsal, (why) => {
          this.context.post({ type: 'rehearsed', rehearsal: message.rehearsal, why })
        })
      case 'adopt-listener':
        return this.#adoptListener(message)
      case 'front-door':
        return this.#openFrontDoor(message.fd)
      case 'ack-hold':
        return beginHolding(this.context, message.share)
      case 'estate':
        return this.estate.add(message.bequests)
      case 'obey':
        return void this.#backends.obey(message.contest, message.term)
      case 'directors':
      case 'steer':
      case 'adopt-door':
      case 'resolved':
        return this.#outward.hear(message)
      case 'inherit':
      case 'take-over':
        return
      case 'access-taken':
        return this.context.records?.taken()
      case 'query':
        return this.context.post({
          type: 'answer',
          query: message.query,
          report: this.#report(message.service, message.limit),
        })
      case 'stop':
        return this.#stop()
    }
  }

  /** An exception out of `handler` or the handlers of the socket `fd`, or, with -1, out of anything else. */
  onFault(error: unknown, fd: number, handler?: SocketHandler): void {
    const byFd = fd < 0 ? undefined : this.#faultyAt(fd)
    const half = handler instanceof WatchedSocket ? handler.handler : handler
    containFault(this.context, error, half instanceof Half ? faultyHalf(half) : byFd)
    if (fd >= 0) this.#links.onFault(fd)
  }

  /** To be called about every 100 ms. */
  sweep(now: Millis): void {
    this.unsettled.ask((error, half) => containFault(this.context, error, faultyHalf(half)))
    for (const direction of this.#directions.values()) this.#contained(() => direction.sweep(now))
    this.context.holds?.sweep()
    this.context.records?.flush()
    this.#contained(() => this.#backends.sweep(now))
    this.#contained(() => this.#links.sweep(now))
    this.#contained(() => this.#outward.sweep(now))
    this.failures.tell(this.context.post)
    this.context.counters.retained = this.context.pool.usedBytes
  }

  // --- what a direction asks for ---

  nextSpliceId(): SpliceId {
    const { node, boot, lane, lanes } = this.context.setup
    return { node, boot, counter: this.#splicesAccepted++ * lanes + lane + 1 }
  }

  nextToken(): number {
    return this.#recoveries++
  }

  darkMs(node: NodeId): Millis {
    return node === this.context.setup.node ? 0 : this.#links.silentMs(node)
  }

  linksTo(node: NodeId): readonly LedgerLink[] {
    return node === this.context.setup.node ? [this.#own] : this.#links.all(node)
  }

  get links(): readonly LedgerLink[] {
    return [this.#own, ...this.#links.everyLink()]
  }

  hasEnded(node: NodeId): boolean {
    return this.#links.hasEnded(node)
  }

  // --- what a link hears that is for whoever takes a service over ---

  onLedger(link: LedgerLink, frame: LedgerNews): void {
    if (frame.kind === 'passed') this.#moves.get(frame.token)?.onPassed(link)
    for (const { recovery } of this.#directions.values()) if (recovery?.onLedger(link, frame)) return
  }

  onMortal(frame: MortalFrame): void {
    this.#of(frame)?.onMortal(frame)
  }

  onLinkUp(link: LedgerLink): void {
    for (const { recovery } of this.#directions.values()) recovery?.onLinkUp(link)
  }

  onLinkDown(link: LedgerLink): void {
    for (const move of this.#moves.values()) move.onPassed(link)
    for (const { recovery } of this.#directions.values()) recovery?.onLinkDown(link)
  }

  onGone(node: NodeId): void {
    for (const { recovery } of this.#directions.values()) recovery?.onGone(node)
  }

  open(client: ClientHalf, to: NodeName, request: OpenRequest): Attempt | undefined {
    const proxyHeader = proxyHeaderFor(request, to.name)
    this.context.records?.asked(client)
    if (to.node === this.context.setup.node) return openHere(this.#backends, client, request, proxyHeader)
    return this.#links.to(to.node)?.open(client, request, proxyHeader)
  }

  onStopped(direction: { readonly service: Service }): void {
    if (this.#directions.get(direction.service.name) === direction) this.#directions.delete(direction.service.name)
  }

  #moveOut({ service, term }: Extract<ToLane, { type: 'move-out' }>): void {
    this.#directions.get(service)?.stop('lease-lost', this.#links.transit)
    const move = new Emptying(this.#links.everyLink(), this.nextToken(), () => {
      this.#moves.delete(move.token)
      this.context.post({ type: 'moved-out', service, term })
    })
    this.#moves.set(move.token, move)
    move.start()
  }

  /** `undefined`: that is over. */
  #of({ service, term }: { readonly service: string; readonly term: Term }): Direction | undefined {
    const direction = this.#directions.get(service)
    return direction !== undefined && sameTerm(direction.term, term) ? direction : undefined
  }

  #letGo({ service, term }: Extract<ToLane, { type: 'let-go' }>): void {
    const direction = this.#of({ service, term })
    if (direction === undefined) return
    direction.letGo()
    this.context.post({ type: 'let-gone', service, term })
  }

  #hush({ service, term }: Extract<ToLane, { type: 'hush' }>, deadline: Millis): void {
    const direction = this.#directions.get(service)
    const isQuiet = direction?.isQuiet !== false || this.context.clock.now() >= deadline
    if (isQuiet) return this.context.post({ type: 'quiet', service, term })
    this.context.soon(HUSH_LOOK_MS, () => this.#hush({ type: 'hush', service, term }, deadline))
  }

  #contained(act: () => void): void {
    contained(this.context, act)
  }

  #faultyAt(fd: number): Faulty | undefined {
    for (const { clients } of this.#directions.values()) {
      for (const client of clients) if (client.half.socket.fd === fd) return faultyClient(client)
    }
    for (const backend of this.#backends.halves) if (backend.half.socket.fd === fd) return faultyBackend(backend)
    return undefined
  }

  #direct(message: Extract<ToLane, { type: 'direct' }>): void {
    const service = this.#services.get(message.service)
    if (service === undefined || !this.#backends.obey(contestOf(service), message.term)) return
    this.#directions.get(message.service)?.stop('stale-term')
    const direction = new Direction(service, message, this.context, this, this.#leftListeners.of(service.name))
    this.#directions.set(message.service, direction)
    direction.start()
  }

  #adoptListener({ service, term, at, since, fd }: Extract<ToLane, { type: 'adopt-listener' }>): void {
    const direction = this.#of({ service, term })
    if (direction !== undefined) return direction.adopt(fd, at, since)
    // Over before it began here.
    this.context.sockets.closeDescriptor?.(fd)
  }

  /** For as long as the lane runs: what no service here is for is refused there by the kernel already. */
  #openFrontDoor(fd: number): void {
    const at = { address: ANY_ADDRESS, port: 0 }
    this.context.sockets.adoptListener?.(fd, at, {
      onListening: () => {},
      onAccept: (socket) => {
        const { local } = socket
        const direction = this.#directionAt(local)
        if (direction === undefined) return socket.reset()
        const { keepaliveMs } = direction.service
        if (keepaliveMs !== DOOR_KEEPALIVE_MS) this.context.sockets.setKeepalive?.(socket, keepaliveMs)
        direction.accept(socket)
      },
      onProblem: (code) => logFrom(this.context, 'error', 'accept-failed', { address: 'service addresses', code }),
    })
  }

  #directionAt(local: Endpoint): Direction | undefined {
    for (const direction of this.#directions.values()) if (direction.isFor(local)) return direction
    return undefined
  }

  #setServices(services: readonly Service[]): void {
    this.#services.clear()
    for (const service of services) this.#services.set(service.name, service)
    this.#backends.setServices(services)
    for (const direction of this.#directions.values()) {
      const service = this.#services.get(direction.service.name)
      if (service !== undefined && !sameService(service, direction.service)) direction.follow(service)
    }
    this.seats.keepOnly(this.#services)
    this.#outward.doors.followServices(services)
  }

  #stop(): void {
    for (const direction of [...this.#directions.values()]) this.#contained(() => direction.stop('node-stopping'))
    for (const { half } of [...this.#backends.halves]) this.#contained(() => half.abort('node-stopping'))
    this.#contained(() => this.#outward.close())
    this.#contained(() => this.#links.close())
    this.context.records?.flush()
    this.context.post({ type: 'stopped' })
  }

  #report(service: string | undefined, limit: number): LaneReport {
    const { counters, setup, holds } = this.context
    const [directions, backends] = [this.#directions.values(), this.#backends.halves]
    const doors = this.#outward.doors.report
    const isForsaken = (backend: BackendHalf) => this.#backends.isForsaken(backend)
    return laneReport({ node: setup.node, counters, directions, backends, isForsaken, holds, doors }, service, limit)
  }
}
