/**
 * What programs of this lane have asked for and not got yet. Each wish is told to the present director of its service, and once more
 * to whoever directs it next: a director that dies with a wish, or moves, costs the program nothing but time.
 *
 *   program ──SOCKS 5, CONNECT──► Call ──DIAL──► director's Dials ──► destination
 *                                  └──◄──OPEN, or UNDIALLED──┘
 */
import { type Endpoint, formatEndpoint, isIpv6, parseIp } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { BackendRequest } from '../proxy/backend-half.js'
import { acceptance, type Wish } from '../proxy/call-greeting.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { DirectorSeat } from '../proxy/lane-protocol.js'
import { objectionTo, rulesOf } from '../proxy/outward-rules.js'
import type { Socket } from '../proxy/ports.js'
import type { Reason } from '../proxy/reasons.js'
import type { Service } from '../proxy/service.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import { Call, type CallHost } from './call.js'
import type { CallRow, RowOut } from './carried.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** Of one lane at a time; beyond it programs get an RST. */
const CALLS_MAX = 4_096
/** How long a wish waits for a director that can be asked: a lease has to run out, and the next one has to ask for the ledger. */
const DIRECTOR_MS_MAX: Millis = 15_000
/** The director enforces the limit of the service; its answer may take so much longer. */
const ANSWER_MARGIN_MS: Millis = 1_000
const ADDRESSES_MAX = 4

/** The way to a director. */
export interface DialLink {
  readonly isUp: boolean
  /** The peer understands DIAL. */
  readonly dials: boolean
  say(frame: DialFrame): void
}

export interface CallsHost {
  service(name: string): Service | undefined
  /** This node itself has one, too. */
  linkTo(node: NodeId): DialLink | undefined
}

interface Asked {
  readonly call: Call
  readonly link: DialLink
  readonly deadline: Millis
}

/** What the program's socket is given to. */
export interface Claimed {
  readonly socket: Socket
  /** As asked for, with what the program is told first. */
  readonly request: BackendRequest
  readonly rest: Uint8Array
  /** Its FIN was read behind that. */
  readonly isEnded: boolean
}

export class Calls implements CallHost {
  readonly clock
  readonly #calls = new Set<Call>()
  /** By their numbers. */
  readonly #asked = new Map<number, Asked>()
  readonly #resolving = new Map<number, Call>()
  #directors = new Map<string, DirectorSeat>()
  #last = 0

  constructor(
    private readonly context: LaneContext,
    private readonly host: CallsHost,
  ) {
    this.clock = context.clock
  }

  get size(): number {
    return this.#calls.size
  }

  /** Of programs that have no answer yet, for the next process. */
  *rows(): Generator<RowOut, void, undefined> {
    for (const { carried: call, socket, service } of this.#calls) {
      const ends = socket.carried?.()
      if (call === undefined || ends === undefined) continue
      const { local, remote, fd } = socket
      yield { row: { kind: 'call', service, at: remote, call, socket: { ...ends, local, remote, isGone: false } }, fd }
    }
  }

  goOn({ service, call: carried, socket: ends }: CallRow, fd: number): void {
    const socket = this.context.sockets.adoptCarried?.(fd, ends, ends.local, ends.remote)
    if (socket === undefined) return
    const call = Call.carriedOn(socket, service, this, carried)
    this.#calls.add(call)
    if (carried.state === 'resolving')
      this.onWish(call, { host: carried.host, port: carried.destinations[0]?.port ?? 0 })
    call.deadline = carried.deadline
  }

  followDirectors(directors: readonly DirectorSeat[]): void {
    this.#directors = new Map(directors.map((seat) => [seat.service, seat]))
  }

  /** `to`: where the kernel has led it away from; a program that comes by itself says what it wants. */
  accept(socket: Socket, service: string, to?: Endpoint): void {
    if (this.#calls.size >= CALLS_MAX) return socket.reset()
    const call = new Call(socket, service, this, to)
    this.#calls.add(call)
    if (to !== undefined) this.onWish(call, { host: to.address, port: to.port })
  }

  onWish(call: Call, { host, port }: Wish): void {
    call.deadline = this.clock.now() + DIRECTOR_MS_MAX
    if (parseIp(host) !== undefined) return this.#onDestinations(call, [host], port)
    const number = this.#nextNumber()
    this.#resolving.set(number, call)
    call.state = 'resolving'
    call.host = host
    call.destinations = [{ address: '', port }]
    this.context.post({ type: 'resolve', call: number, host })
  }

  /** None: there is no such name, or nobody who knows. */
  onResolved(number: number, addresses: readonly string[]): void {
    const call = this.#resolving.get(number)
    this.#resolving.delete(number)
    if (call?.state !== 'resolving') return
    if (addresses.length === 0) return this.#refuse(call, 'unreachable', 'no such name')
    this.#onDestinations(call, addresses, call.destinations[0]?.port ?? 0)
  }

  onUndialled({ call: number, reason, detail }: UndialledFrame): void {
    const call = this.#take(number)
    if (call === undefined) return
    call.failure = { reason, detail }
    call.state = 'waiting'
    // Asked again at the next sweep.
    if (reason === 'not-here') return
    call.destinations = call.destinations.slice(1)
    if (call.destinations.length === 0) this.#refuse(call, reason, detail)
    else this.#ask(call)
  }

  /** The director has made the connection; `undefined`: nobody here waits for it any more. */
  claim(request: BackendRequest): Claimed | undefined {
    const asked = this.#asked.get(request.call)
    if (asked?.call.service !== request.service) return undefined
    const call = this.#take(request.call)
    if (call === undefined) return undefined
    this.#calls.delete(call)
    call.state = 'over'
    const { socket, rest, isEnded, protocol } = call
    return { socket, rest, isEnded, request: { ...request, proxyHeader: acceptance(protocol, request.destination) } }
  }

  onGone(call: Call): void {
    this.#calls.delete(call)
    for (const [number, asked] of this.#asked) if (asked.call === call) this.#asked.delete(number)
    for (const [number, one] of this.#resolving) if (one === call) this.#resolving.delete(number)
  }

  sweep(now: Millis): void {
    for (const [number, { call, link, deadline }] of this.#asked) {
      if (link.isUp && now < deadline) continue
      this.#asked.delete(number)
      call.state = 'waiting'
      if (link.isUp) this.#refuse(call, 'connect-timeout', 'the director did not answer')
    }
    for (const call of this.#calls) {
      if (call.state === 'waiting') this.#ask(call)
      if (call.state === 'asked' || now < call.deadline) continue
      if (call.state === 'over' || call.state === 'greeting') call.socket.reset()
      else if (call.state === 'resolving') this.#refuse(call, 'unreachable', 'its name was not resolved in time')
      else this.#refuse(call, call.failure.reason, call.failure.detail)
    }
  }

  close(): void {
    for (const call of [...this.#calls]) call.socket.reset()
  }

  #onDestinations(call: Call, addresses: readonly string[], port: number): void {
    const service = this.host.service(call.service)
    if (service === undefined) return this.#refuse(call, 'unknown-service', 'the service is gone')
    const family = addresses.filter((address) => isIpv6(address) === isIpv6(service.address))
    const tried = family.length > 0 ? family.slice(0, ADDRESSES_MAX) : addresses.slice(0, 1)
    // The director has the last word; what it would refuse anyway is not asked.
    const rules = rulesOf(service.outwardTo)
    const wanted = tried.map((address) => ({ address, port }))
    const objection = (to: (typeof wanted)[number]) => objectionTo(to, service.address, rules)
    call.destinations = wanted.filter((to) => objection(to) === '')
    const [first = { address: '', port }] = wanted
    if (call.destinations.length === 0) {
      return this.#refuse(call, 'not-allowed', `${formatEndpoint(first)} ${objection(first)}`)
    }
    call.state = 'waiting'
    this.#ask(call)
  }

  #ask(call: Call): void {
    const [destination] = call.destinations
    const service = this.host.service(call.service)
    if (service === undefined || destination === undefined) return this.#refuse(call, 'unknown-service', 'it is gone')
    const director = this.#directors.get(call.service)
    const link = director === undefined ? undefined : this.host.linkTo(director.node)
    if (director === undefined || link === undefined) {
      const detail = director === undefined ? 'nobody directs the service' : `no data link to ${director.name}`
      call.failure = { reason: 'not-here', detail }
      return
    }
    if (!link.dials) return this.#refuse(call, 'not-yet', `${director.name} directs, and its release cannot dial`)
    const number = this.#nextNumber()
    call.state = 'asked'
    this.#asked.set(number, { call, link, deadline: this.clock.now() + service.connectMs + ANSWER_MARGIN_MS })
    link.say({ kind: 'dial', handle: LINK_HANDLE, call: number, service: call.service, destination })
  }

  #take(number: number): Call | undefined {
    const asked = this.#asked.get(number)
    this.#asked.delete(number)
    return asked?.call.state === 'asked' ? asked.call : undefined
  }

  #refuse(call: Call, reason: Reason, detail: string): void {
    const [to] = call.destinations
    const fields = { service: call.service, from: call.from, ...(to && { to: formatEndpoint(to) }), reason, detail }
    logFrom(this.context, 'info', 'call-refused', fields)
    call.refuse(reason, detail)
  }

  #nextNumber(): number {
    this.#last = (this.#last % (2 ** 32 - 1)) + 1
    return this.#asked.has(this.#last) || this.#resolving.has(this.#last) ? this.#nextNumber() : this.#last
  }
}
