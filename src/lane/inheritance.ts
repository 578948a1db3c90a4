/** What another process has left to this lane: makes halves from its rows, and has them go on. */
import { formatEndpoint } from '../base/address.js'
import { formatSpliceId, type SpliceId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { BackendHalf } from '../proxy/backend-half.js'
import { ClientHalf } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { Half } from '../proxy/half.js'
import { Joint } from '../proxy/joint.js'
import type { Socket, Sockets } from '../proxy/ports.js'
import type { Backends } from './backends.js'
import type { BoundBackend, BoundClient } from './bound.js'
import type { BackendRow, CarriedRow, CarriedSocket, ClientRow, NewcomerRow, SpliceRow } from './carried.js'
import { Channel } from './channel.js'
import { inOrder } from './departures.js'
import type { Direction } from './direction.js'
import { contained } from './faults.js'
import { GoneSocket } from './gone-socket.js'
import { INNER_HANDLE, InnerLink } from './inner-link.js'
import type { LaneContext } from './lane-context.js'
import type { Links } from './links.js'
import { channelTo } from './own-ledger.js'
import type { Unsettled } from './unsettled.js'

/**
 * By then the other lanes have counted what they have taken over as well, also on a busy host: who was in the queue would find room before
 * that is none. Whoever was being dialled for had its place.
 */
const COUNTED_MS: Millis = 500

export interface InheritanceParts {
  readonly context: LaneContext
  readonly backends: Backends
  readonly links: Links
  readonly unsettled: Unsettled
  readonly directionOf: (service: string) => Direction | undefined
}

/** With the descriptor that came beside the row. */
export interface Left<Row> {
  readonly row: Row
  readonly fd: number
}

/** Each kind apart. */
export class Splices {
  readonly clients: Left<ClientRow>[] = []
  readonly backends: Left<BackendRow>[] = []
  readonly newcomers: Left<NewcomerRow>[] = []

  add(row: SpliceRow, fd: number): void {
    if (row.kind === 'client') this.clients.push({ row, fd })
    else if (row.kind === 'newcomer') this.newcomers.push({ row, fd })
    else this.backends.push({ row, fd })
  }
}

/** Listening sockets of services, until somebody wants them. */
export class LeftListeners {
  readonly #byService = new Map<string, Map<string, number>>()

  add({ service, at }: Extract<CarriedRow, { kind: 'listener' }>, fd: number): void {
    const listeners = this.of(service) ?? new Map<string, number>()
    this.#byService.set(service, listeners.set(formatEndpoint(at), fd))
  }

  /** By address; whoever takes one takes it out. */
  of(service: string): Map<string, number> | undefined {
    return this.#byService.get(service)
  }

  /** Of services that are not directed here any more. */
  close(sockets: Sockets): void {
    for (const listeners of this.#byService.values()) {
      for (const fd of listeners.values()) sockets.closeDescriptor?.(fd)
    }
    this.#byService.clear()
  }
}

export class Inheritance {
  /** Of which no backend stands: what others have comes first, or they would take more than a node has room for. */
  readonly #unserved: { readonly client: ClientHalf; readonly direction: Direction; readonly hadPlace: boolean }[] = []
  /** Client halves whose backend half is in this lane, until that one is made. */
  readonly #apart = new Map<string, { readonly client: ClientHalf; readonly row: ClientRow }>()

  constructor(private readonly parts: InheritanceParts) {}

  /** Each half of a splice whose both halves are here finds the other: clients first. */
  take({ clients, backends, newcomers }: Splices): void {
    const { context } = this.parts
    for (const left of clients) contained(context, () => this.#client(left))
    for (const left of backends) contained(context, () => this.#backend(left))
    for (const { client } of this.#apart.values()) contained(context, () => client.half.drop('link-lost'))
    this.#apart.clear()
    const unserved = this.#unserved.splice(0).sort((a, b) => inOrder(a.client, b.client))
    const serve = (had: boolean) => {
      for (const { client, direction, hadPlace } of unserved)
        if (hadPlace === had) contained(context, () => direction.take(client))
    }
    serve(true)
    if (context.setup.lanes === 1) serve(false)
    else if (unserved.length > 0) context.soon(COUNTED_MS, () => serve(false))
    for (const left of newcomers) contained(context, () => this.#newcomer(left))
  }

  #newcomer({ row, fd }: Left<NewcomerRow>): void {
    const socket = this.#socket(row.socket, fd)
    if (socket === undefined) return
    const direction = this.parts.directionOf(row.service)
    if (direction === undefined) socket.reset()
    else direction.newcomers.resume(socket, row)
  }

  #client({ row, fd }: Left<ClientRow>): void {
    const { links, directionOf } = this.parts
    const direction = directionOf(row.service)
    const socket = this.#socket(row.socket, fd)
    if (socket === undefined) return
    if (direction === undefined) return forsake(socket, row)
    const { id, snapshot, startedAt, parkedUntil, waitsUntil, source, introduction, half, joined } = row
    const host = row.isOutward === true ? direction.outward : direction
    const revival = { ...half, startedAt, parkedUntil, waitsUntil, source, introduction }
    const client = new ClientHalf(id, socket, host, snapshot, revival)
    this.parts.context.records?.inherit(client, row.trail)
    for (const place of row.abandoned) links.suspend(abandoned(client), place)
    if (joined === undefined && host === direction) {
      return void this.#unserved.push({ client, direction, hadPlace: waitsUntil === undefined })
    }
    direction.clients.add(client)
    if (joined === undefined) return client.choose()
    const { node, server, way, lane } = joined
    if (way !== 'link') return void this.#apart.set(formatSpliceId(id), { client, row })
    const channel = new Channel(undefined, 0)
    links.suspend({ role: 'client', client, channel, isResuming: false, isAbandoned: false }, { node, lane })
    if (row.held !== undefined) this.parts.context.holds?.begin(client, channel, row.held)
    client.goOn(node, server, channel)
    this.#watch(client.half)
  }

  #backend({ row, fd }: Left<BackendRow>): void {
    const { backends } = this.parts
    const socket = this.#socket(row.socket, fd)
    if (socket === undefined) return
    const apart = row.way === 'link' ? undefined : this.#other(row.request.id)
    const joint = row.way === 'joint' && apart !== undefined ? new Joint(apart.client.half, () => {}) : undefined
    const channel = joint === undefined ? new Channel(innerLink(apart?.client.half), INNER_HANDLE) : undefined
    const backend = this.#made(row, socket, joint ?? channel, channel)
    const bound = channel && ({ role: 'backend', backend, channel } as const)
    if (bound !== undefined) backends.remember(bound)
    if (apart !== undefined) this.#rejoin(apart, backend, bound)
    else if (bound !== undefined) backends.suspend(bound)
    backend.goOn()
    this.#watch(backend.half)
  }

  #made(
    { request, backend }: BackendRow,
    socket: Socket,
    counterpart: Counterpart = new Channel(undefined, 0),
    channel?: Channel,
  ): BackendHalf {
    const gone = () => channel?.link?.release(channel.handle)
    const reply = { counterpart, opened: () => {}, refused: () => {}, gone }
    return this.parts.backends.add(request, socket, reply, backend)
  }

  #rejoin({ client, row }: { client: ClientHalf; row: ClientRow }, backend: BackendHalf, bound?: BoundBackend): void {
    if (row.joined === undefined) return
    const { node, server } = row.joined
    const counterpart =
      bound === undefined ? new Joint(backend.half, () => backend.confirm()) : channelTo(bound, this.parts.backends)
    client.goOn(node, server, counterpart, row.half.book.limit)
    this.#watch(client.half)
  }

  #other(id: SpliceId): { readonly client: ClientHalf; readonly row: ClientRow } | undefined {
    const key = formatSpliceId(id)
    const found = this.#apart.get(key)
    this.#apart.delete(key)
    return found
  }

  #socket(carried: CarriedSocket, fd: number): Socket | undefined {
    const { local, remote, isGone } = carried
    if (isGone) return new GoneSocket(local, remote)
    return this.parts.context.sockets.adoptCarried?.(fd, carried, local, remote)
  }

  /** What was on its way to its peer then may be so still. */
  #watch(half: Half): void {
    if (!half.settle()) this.parts.unsettled.add(half)
  }
}

/** The lease was lost on the way, and somebody else may go on with the client: it is not told of an end. */
function forsake(socket: Socket, { snapshot, joined }: ClientRow): void {
  const mayLiveOn = snapshot.bytes.byteLength > 0 && joined !== undefined
  if (mayLiveOn && socket.vanish !== undefined) socket.vanish()
  else socket.reset()
}

function abandoned(client: ClientHalf): BoundClient {
  const channel = new Channel(undefined, 0)
  channel.reset('link-lost')
  // Or a backend half that this does not reach would be asked to go on again and again, and never end.
  channel.confirm()
  return { role: 'client', client, channel, isResuming: false, isAbandoned: true }
}

function innerLink(half: Half | undefined): InnerLink | undefined {
  return half === undefined ? undefined : new InnerLink(half)
}
