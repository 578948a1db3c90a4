/**
 * The backend halves of this lane: answers OPEN by dialling the program that really listens, and only on a port that a
 * service names. Fences: a service's OPENs are obeyed for one holder in a term number and for no lower number.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import { hash32 } from '../base/hash.js'
import { formatSpliceId, type NodeId, type SpliceId, sameTerm, type Term } from '../base/ids.js'
import { NumberTable } from '../base/number-table.js'
import { Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import {
  BackendHalf,
  type BackendHost,
  type BackendReply,
  type BackendRequest,
  type CarriedBackend,
} from '../proxy/backend-half.js'
import type { LocalListener } from '../proxy/lane-protocol.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import { includesPort } from '../proxy/port-list.js'
import type { Socket } from '../proxy/ports.js'
import type { Reason } from '../proxy/reasons.js'
import { contestOf, type Service } from '../proxy/service.js'
import type { ResumeFrame } from '../proxy/splice-frame.js'
import { WatchedSocket } from '../proxy/watched-socket.js'
import type { BoundBackend } from './bound.js'
import type { Calls } from './calls.js'
import { contained, faultyBackend } from './faults.js'
import { type LaneContext, logFrom } from './lane-context.js'
import { ProgramEnds } from './program-ends.js'
import type { Unsettled } from './unsettled.js'

/** A tombstone whose client half neither confirms nor acknowledges anything more is forgotten after this. */
const TOMBSTONE_MS: Millis = 30_000

/** A program that takes nothing of the last bytes for so long gets an RST when there is no client half to decide that. */
const LAST_BYTES_MS: Millis = 900_000

/**
 * How long a backend half whose link broke waits for its client half, which gives up after SUSPENDED_MS_MAX: later, so
 * that whoever comes in time finds it.
 */
const ORPHAN_MS: Millis = 15_000

/** The same where another director can go on: that one has to notice, to be elected when the lease is over, and to ask. */
export const HEIRLESS_MS: Millis = 30_000

/** What a director may ask for, whatever the frame says. */
const CONNECT_MS_MAX = 60_000

type FindRequest = Pick<ResumeFrame, 'id' | 'service' | 'term' | 'snapshot' | 'snapshotAgeMs'>

/** The link by which a new director asks for the ledger. */
export interface Asker {
  readonly isUp: boolean
}

export class Backends implements BackendHost {
  readonly halves = new Roll<BackendHalf>()
  /** Those that came over a link, by their director and then its counter; and until when one without a link is kept. */
  readonly #remote = new Map<string, NumberTable<BoundBackend>>()
  #director = { node: '', boot: 0, name: '' }
  readonly #orphanAt = new Map<BackendHalf, Millis>()
  readonly clock
  readonly pool
  /** By contest. Kept also for services that are gone: one that comes back goes on counting. They come from the registry alone. */
  readonly #obeyed = new Map<string, Term>()
  /** Whose row was told to a new director last. */
  readonly #promised = new WeakMap<BackendHalf, { readonly term: Term; readonly to: Asker }>()
  /** Whose director is none any more, and has said nothing of an end. */
  readonly #forsaken = new WeakSet<BackendHalf>()
  readonly #services = new Map<string, Service>()
  readonly #listeners = new Map<number, LocalListener>()
  /** Why programs cannot be reached from addresses of clients. */
  #noSourceWay = 'this node has not set it up yet'
  readonly #ends: ProgramEnds

  constructor(
    private readonly context: LaneContext,
    private readonly unsettled: Unsettled,
    /** Programs that wait for what their director has dialled. */
    private readonly calls?: Pick<Calls, 'claim'>,
  ) {
    this.clock = context.clock
    this.pool = context.pool
    this.#ends = new ProgramEnds(context, (port) => this.#listeners.has(port))
  }

  get obeyed(): ReadonlyMap<string, Term> {
    return this.#obeyed
  }

  setServices(services: readonly Service[]): void {
    this.#services.clear()
    for (const service of services) this.#services.set(service.name, service)
  }

  /** `ending`: services whose program is being stopped here. */
  setListeners(listeners: readonly LocalListener[], ending: readonly string[] = []): void {
    this.#listeners.clear()
    for (const listener of listeners) this.#listeners.set(listener.port, listener)
    this.#ends.follow(ending)
  }

  setSourceWay(why: string): void {
    this.#noSourceWay = why
  }

  /**
   * `undefined`: refused, and the reply has said why. `sorry`: where to instead of the program here, as the service has it; only
   * this node's own direction says so.
   */
  open(request: BackendRequest, reply: BackendReply, sorry?: Endpoint): BackendHalf | undefined {
    if (request.call > 0) return this.#join(request, reply)
    const as = sorry === undefined ? this.#sourceOf(request) : undefined
    const to = this.#target(request, reply, sorry, as)
    if (to === undefined) return undefined
    const connectMs = Math.min(CONNECT_MS_MAX, Math.max(1, request.connectMs))
    const keepaliveMs = Math.max(1_000, request.keepaliveMs)
    const { address } = this.context.setup
    // The sorry backend may be anywhere: the system knows by which address it is reached.
    const from = sorry === undefined && isIpv6(address) === isIpv6(to.address) ? address : undefined
    const noWay = as === undefined ? '' : this.#noWayFrom(as, to)
    if (noWay !== '') return void reply.refused('unreachable', noWay)
    const socket = this.context.sockets.dial(to, { from, as, connectMs, keepaliveMs })
    if (sorry === undefined) return this.add(request, socket, reply)
    const backend = new BackendHalf(request, socket, reply, this)
    this.halves.add(backend)
    return backend
  }

  /** No program is dialled: one has asked for this very connection, and its socket stands. */
  #join(asked: BackendRequest, reply: BackendReply): BackendHalf | undefined {
    const { service: name, term } = asked
    const service = this.#services.get(name)
    const claimed = service === undefined ? undefined : this.calls?.claim(asked)
    if (claimed === undefined) {
      reply.refused('no-listener', 'no program waits for it any more')
      return undefined
    }
    const backend = new BackendHalf(claimed.request, claimed.socket, reply, this)
    // The program is told by its connection's end, which is this node's to say: it may ask again.
    if (!this.#obeyFor(service, name, term)) {
      backend.half.abort('stale-term', `term ${term.number} is over`)
      return undefined
    }
    this.halves.add(backend)
    // When it can be found by its handle and its id.
    this.context.defer(() => {
      backend.half.onOpen()
      if (claimed.rest.byteLength > 0) backend.half.onData(claimed.rest)
      if (claimed.isEnded) backend.half.onEnd()
    })
    return backend
  }

  /** Whose program's socket this is, or was another process's. */
  add(request: BackendRequest, socket: Socket, reply: BackendReply, carried?: CarriedBackend): BackendHalf {
    // A program's own connection ends with it.
    const parks = request.call === 0 && (this.#services.get(request.service)?.parkMs ?? 0) > 0
    const watched = parks ? new WatchedSocket(socket) : undefined
    const backend = new BackendHalf(request, watched ?? socket, reply, this, carried)
    if (watched !== undefined) this.#ends.watch(watched, backend)
    this.halves.add(backend)
    return backend
  }

  /** Those that came over a link can be found again by their id. */
  remember(bound: BoundBackend): void {
    const { id } = bound.backend.request
    const director = this.#directorOf(id)
    const halves = this.#remote.get(director) ?? new NumberTable<BoundBackend>()
    this.#remote.set(director, halves)
    const before = halves.get(id.counter)
    halves.set(id.counter, bound)
    // The director asks once more: the answer to its first OPEN was lost with a link.
    if (before === undefined) return
    this.#forsaken.delete(before.backend)
    this.#orphan(before.backend)
  }

  /** Its link broke: it waits for a while. */
  suspend({ backend }: BoundBackend): void {
    const waitMs = backend.isSurvivable ? HEIRLESS_MS : ORPHAN_MS
    if (this.halves.has(backend)) this.#orphanAt.set(backend, this.clock.now() + waitMs)
  }

  /** Its director has given it up, and no other one has it yet. */
  isForsaken(backend: BackendHalf): boolean {
    return this.#forsaken.has(backend)
  }

  /** The half that is to go on over another link; or why it cannot. */
  find({ id, service, term, snapshot, snapshotAgeMs }: FindRequest): BoundBackend | Reason {
    const bound = this.#remote.get(this.#directorOf(id))?.get(id.counter)
    if (bound === undefined) return 'link-lost'
    if (bound.backend.request.service !== service) return 'stale-term'
    if (!this.#obeyFor(this.#services.get(service), service, term)) return 'stale-term'
    this.#orphanAt.delete(bound.backend)
    this.#forsaken.delete(bound.backend)
    bound.backend.obey(term, snapshot, snapshotAgeMs)
    return bound
  }

  /** Its director may not act any more: another will go on with it, or it ends. */
  forsake(bound: BoundBackend): void {
    bound.channel.release()
    bound.backend.onForsaken()
    this.#forsaken.add(bound.backend)
    if (bound.backend.isSurvivable) this.suspend(bound)
    else this.#orphan(bound.backend)
  }

  /** The director's process has ended, and its client halves with it: what nobody can rebuild ends. */
  onGone(node: NodeId): void {
    for (const [director, halves] of this.#remote) if (halves.size === 0) this.#remote.delete(director)
    for (const backend of this.halves) if (backend.term.holder === node) this.#forsaken.add(backend)
    this.#orphanWhere((backend) => backend.term.holder === node && !backend.isSurvivable)
  }

  /** Whose orders halves of the service still get by a link, but for the holder of `term`. */
  directorsOf(service: string, term: Term): NodeId[] {
    const bound = this.#of(service).filter(({ channel }) => channel.isBound)
    const holders = new Set(bound.map(({ backend }) => backend.term.holder))
    return [...holders].filter((node) => node !== term.holder)
  }

  /**
   * From now on the holder of `term` directs the service, and nobody else is obeyed: each half without that one's word is let go
   * by whoever had it, and told of. `undefined`: a later term is obeyed already. `silentMs`: how long nothing has come from a node.
   */
  handOver(service: string, term: Term, to: Asker, silentMs: (node: NodeId) => Millis): LedgerRow[] | undefined {
    if (!this.#obeyFor(this.#services.get(service), service, term)) return undefined
    const told: LedgerRow[] = []
    for (const bound of this.#of(service)) {
      const { backend, channel } = bound
      // In this very term it may have been let go by a move that came to nothing.
      if ((sameTerm(backend.term, term) && channel.isBound) || backend.isConfirmed) continue
      if (this.#isPromised(backend, term, to)) continue
      channel.release()
      if (backend.isOpened) told.push(backend.row(silentMs(backend.term.holder), term))
      this.#promised.set(backend, { term, to })
      this.#forsaken.add(backend)
      // The last one to whom it is told of: what cannot be rebuilt ends here, and its client is told there.
      if (backend.isSurvivable) this.suspend(bound)
      else this.#contained(backend, () => this.#orphan(backend))
    }
    return told
  }

  /** Another lane of the same director has its row, and RESUME is on its way by that one's link. */
  #isPromised(backend: BackendHalf, term: Term, to: Asker): boolean {
    const promised = this.#promised.get(backend)
    return promised !== undefined && promised.to !== to && promised.to.isUp && sameTerm(promised.term, term)
  }

  /** Whether orders for the service in that term are followed, as far as is known. */
  isObeyed(service: string, term: Term): boolean {
    const known = this.#services.get(service)
    const obeyed = known === undefined ? undefined : this.#obeyed.get(contestOf(known))
    return known !== undefined && (obeyed === undefined || obeyed.number < term.number || sameTerm(obeyed, term))
  }

  /** Orders in a term that is not the present one are refused from now on, for all services that one director has. */
  obey(contest: string, term: Term): boolean {
    const obeyed = this.#obeyed.get(contest)
    if (obeyed === undefined || term.number > obeyed.number) {
      this.#obeyed.set(contest, term)
      // A fence for all of this node: a splice of the old term must not be opened at another lane.
      this.context.post({ type: 'obeyed', contest, term })
      return true
    }
    return sameTerm(term, obeyed)
  }

  /** Each connection has its place between 0 and 1, drawn from its id: those beyond `share` end, so that they end here and there. */
  close(share: number, service?: string): void {
    for (const backend of [...this.halves]) {
      const { id, service: name } = backend.request
      if (backend.isTombstone || backend.isOutward || (service !== undefined && service !== name)) continue
      if (hash32(formatSpliceId(id)) / 2 ** 32 < share) continue
      this.#contained(backend, () => backend.half.abort('drained'))
    }
  }

  sweep(now: Millis): void {
    this.#orphanWhere((_, deadline) => deadline <= now)
    for (const backend of this.halves) {
      const quietMs = now - backend.half.activeAt
      if (backend.isTombstone && quietMs > TOMBSTONE_MS) this.#contained(backend, () => backend.forget())
      else if (backend.isConfirmed && quietMs > LAST_BYTES_MS) {
        this.#contained(backend, () => backend.half.abort('idle-limit'))
      }
    }
  }

  /** One that is not known any more had a contest of its own name or address, which nothing is compared with. */
  #obeyFor(service: Service | undefined, name: string, term: Term): boolean {
    return this.obey(service === undefined ? name : contestOf(service), term)
  }

  onUnsettled(backend: BackendHalf): void {
    this.unsettled.add(backend.half)
  }

  onIncident(backend: BackendHalf, what: string): void {
    this.context.counters.incidents++
    const fields = { splice: formatSpliceId(backend.request.id), service: backend.request.service, what }
    logFrom(this.context, 'error', 'splice-incident', fields)
  }

  onForgotten(backend: BackendHalf): void {
    this.halves.delete(backend)
    this.#ends.forget(backend)
    this.unsettled.delete(backend.half)
    this.#orphanAt.delete(backend)
    const { id } = backend.request
    const halves = this.#remote.get(this.#directorOf(id))
    if (halves?.get(id.counter)?.backend !== backend) return
    halves.delete(id.counter)
  }

  /** Few nodes direct at a time, and thousands of splices come from one. */
  #directorOf({ node, boot }: SpliceId): string {
    if (node !== this.#director.node || boot !== this.#director.boot) {
      this.#director = { node, boot, name: `${node}/${boot}` }
    }
    return this.#director.name
  }

  #of(service: string): BoundBackend[] {
    const all = [...this.#remote.values()].flatMap((halves) => halves.entries().map(([, bound]) => bound))
    return all.filter(({ backend }) => backend.request.service === service)
  }

  #orphanWhere(isMeant: (backend: BackendHalf, deadline: Millis) => boolean): void {
    for (const [backend, deadline] of [...this.#orphanAt]) {
      if (isMeant(backend, deadline)) this.#contained(backend, () => this.#orphan(backend))
    }
  }

  #contained(backend: BackendHalf, act: () => void): void {
    contained(this.context, act, () => faultyBackend(backend))
  }

  #orphan(backend: BackendHalf): void {
    this.#orphanAt.delete(backend)
    const isUntold = backend.isOpened && !backend.isConfirmed && this.#forsaken.has(backend)
    if (isUntold) this.context.records?.lost(backend, 'link-lost')
    backend.orphan('link-lost')
  }

  /** Whom the program is to see; `undefined`: this node. */
  #sourceOf({ service, source, client }: BackendRequest): Endpoint | undefined {
    return this.#services.get(service)?.source === 'client' ? (source ?? client) : undefined
  }

  /** To go on from the node's own address would open to any client what a program keeps for its own network. */
  #noWayFrom(as: Endpoint, to: Endpoint): string {
    if (this.#noSourceWay !== '') return `no connection from the client's address: ${this.#noSourceWay}`
    if (isIpv6(as.address) === isIpv6(to.address)) return ''
    return `the program does not listen on an address of the client's family (${as.address}; it is at ${to.address})`
  }

  #target(
    request: BackendRequest,
    reply: BackendReply,
    sorry: Endpoint | undefined,
    as: Endpoint | undefined,
  ): Endpoint | undefined {
    const { service: name, port, term } = request
    const service = this.#services.get(name)
    if (service === undefined || !includesPort(service.ports, port)) {
      reply.refused('unknown-service', `no service ${name} with port ${port}`)
      return undefined
    }
    const { address, other } = this.#listeners.get(port) ?? {}
    if (address === undefined && sorry === undefined) {
      reply.refused('no-listener', `nothing listens on port ${port}`)
      return undefined
    }
    // Last: what is refused teaches no term.
    if (!this.#obeyFor(service, name, term)) {
      reply.refused('stale-term', `term ${term.number} is over`)
      return undefined
    }
    if (sorry !== undefined || address === undefined) return sorry
    const isOther = as !== undefined && other !== undefined && isIpv6(as.address) !== isIpv6(address)
    return { address: isOther ? other : address, port }
  }
}
