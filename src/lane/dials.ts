/**
 * What the director of one service does for programs of the nodes: connects under the service's address, and has the connection go on
 * as any client's, whose program is the one that asked. So it lives on with the next director as theirs do: its socket is read out as
 * soon as it stands, and the node that asked keeps what it would be rebuilt from.
 */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import { type Attempt, ClientHalf, type ClientHost, type OpenRequest } from '../proxy/client-half.js'
import type { Counterpart } from '../proxy/counterpart.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { CloseCause, SocketHandler } from '../proxy/endpoint.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { OutwardReport } from '../proxy/outward-report.js'
import { objectionTo, rulesOf } from '../proxy/outward-rules.js'
import type { ChosenNode, Places } from '../proxy/places.js'
import type { Socket } from '../proxy/ports.js'
import { type Reason, reasonOfClose } from '../proxy/reasons.js'
import { makesConnections } from '../proxy/service-outward.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import { clientSnapshot } from './client-snapshot.js'
import type { DirectionHost } from './direction-host.js'
import { contained, faultyClient } from './faults.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** That have been begun and do not stand yet. */
const DIALS_MAX = 8_192
const NO_HEADER = new Uint8Array(0)

/** A node with a program that wants a connection: by which link it asked. */
export interface Asker {
  readonly peer: NodeName
  readonly isUp: boolean
  say(frame: UndialledFrame): void
  open(client: ClientHalf, request: OpenRequest, proxyHeader: Uint8Array): Attempt | undefined
}

export interface DialsParent extends ClientHost {
  readonly clients: Roll<ClientHalf>
  /** Its address is here, and what an earlier director had is known. */
  readonly mayDial: boolean
  /** Its address comes and goes with it: what it has made may live on elsewhere. */
  readonly isGiven: boolean
  readonly begunAt: Millis
}

interface Wanted {
  readonly asker: Asker
  readonly call: number
}

export class Dials implements ClientHost {
  readonly isOutward = true
  readonly clock
  readonly pool
  readonly gate
  readonly term
  readonly places: Places
  readonly #dialling = new Set<Dialling>()
  readonly #wanted = new Map<ClientHalf, Wanted>()
  /** Whose port is accounted for. */
  readonly #counted = new Set<ClientHalf>()

  constructor(
    private readonly parent: DialsParent,
    private readonly context: LaneContext,
    private readonly host: Pick<DirectionHost, 'nextSpliceId'>,
  ) {
    this.clock = parent.clock
    this.pool = parent.pool
    this.gate = parent.gate
    this.term = parent.term
    this.places = new AskedPlaces(this.#wanted)
  }

  get service() {
    return this.parent.service
  }

  get begunAt(): Millis {
    return this.parent.begunAt
  }

  /** Connections that stand under the service's address. */
  get report(): OutwardReport {
    const { address } = this.service
    const fullest = this.context.ports?.fullest(address)
    const limit = this.context.ports?.limit ?? 0
    return { connections: this.#counted.size, dialling: this.#dialling.size, limit, ...(fullest && { fullest }) }
  }

  dial({ call, destination }: DialFrame, asker: Asker): void {
    const wanted = { asker, call }
    const { service } = this
    const { address, outwardTo, connectMs, keepaliveMs } = service
    const { parent, context } = this
    if (!parent.mayDial || !this.gate.isOpen(this.clock.now())) {
      return this.#refuse(wanted, 'not-here', 'its address is not here')
    }
    const objection = makesConnections(service) ? '' : 'is not reached: the service makes no connections'
    const problem = objection || objectionTo(destination, address, rulesOf(outwardTo))
    if (problem !== '') return this.#fail(wanted, destination, 'not-allowed', problem)
    if (this.#dialling.size >= DIALS_MAX) return this.#fail(wanted, destination, 'exhausted', 'too many at a time')
    if (context.ports?.take(address, destination) === false) {
      const detail = `${context.ports.limit} connections go there from ${address}, and no more may`
      return this.#fail(wanted, destination, 'exhausted', detail)
    }
    const options = { from: address, connectMs, keepaliveMs, asAccepted: true }
    const socket = context.sockets.dial(destination, options)
    this.#dialling.add(
      new Dialling(socket, wanted, {
        onOpen: (one) => this.#onStanding(one),
        onClose: (one, cause, detail) => this.#onFailed(one, destination, cause, detail),
      }),
    )
  }

  /** What has not been made here is made by whoever directs next. */
  stop(): void {
    for (const { wanted, socket } of this.#dialling) {
      socket.reset()
      this.#refuse(wanted, 'not-here', 'it directs no more')
    }
  }

  // --- what a client half asks for ---

  open(client: ClientHalf, _to: NodeName, request: OpenRequest): Attempt | undefined {
    const { asker, call } = this.#wanted.get(client) ?? {}
    if (asker?.isUp !== true || call === undefined) return undefined
    this.context.records?.asked(client)
    return asker.open(client, { ...request, call }, NO_HEADER)
  }

  onJoined(client: ClientHalf, counterpart: Counterpart): void {
    this.#wanted.delete(client)
    // One that another director, or another process, has made.
    if (!this.#counted.has(client)) this.#count(client)
    this.parent.onJoined(client, counterpart)
  }

  /** Whoever asked has gone away meanwhile: nothing that speaks against a program. */
  onRetried(): void {}

  onUnsettled(client: ClientHalf): void {
    this.parent.onUnsettled(client)
  }

  onIncident(client: ClientHalf, what: string): void {
    this.parent.onIncident(client, what)
  }

  onFinished(client: ClientHalf, reason: Reason | undefined, detail: string): void {
    this.#wanted.delete(client)
    if (this.#counted.delete(client)) this.context.ports?.give(client.destination.address, client.client)
    this.parent.onFinished(client, reason, detail)
  }

  #onStanding(dialling: Dialling): void {
    this.#dialling.delete(dialling)
    const { socket, wanted } = dialling
    this.context.counters.dialled++
    const client = new ClientHalf(
      this.host.nextSpliceId(),
      socket,
      this,
      clientSnapshot(socket, this.parent.isGiven, this.context.rebuilder),
    )
    this.#counted.add(client)
    this.#wanted.set(client, wanted)
    this.parent.clients.add(client)
    contained(
      this.context,
      () => client.choose(),
      () => faultyClient(client),
    )
  }

  #onFailed(dialling: Dialling, to: Endpoint, cause: CloseCause, detail: string): void {
    if (!this.#dialling.delete(dialling)) return
    this.context.ports?.give(this.service.address, to)
    // The kernel's word where the socket is bound: the address has just gone, or has not come yet.
    if (cause === 'aborted' || (cause === 'unreachable' && detail === 'EADDRNOTAVAIL')) {
      return cause === 'aborted' ? undefined : this.#refuse(dialling.wanted, 'not-here', 'its address is not here')
    }
    this.#fail(dialling.wanted, to, reasonOfClose(cause), detail)
  }

  #count(client: ClientHalf): void {
    this.#counted.add(client)
    this.context.ports?.add(client.destination.address, client.client)
  }

  #fail(wanted: Wanted, to: Endpoint, reason: Reason, detail: string): void {
    this.context.counters.undialled++
    const fields = { service: this.service.name, node: wanted.asker.peer.name, to: formatEndpoint(to), reason, detail }
    logFrom(this.context, 'info', 'not-dialled', fields)
    this.#refuse(wanted, reason, detail)
  }

  #refuse({ asker, call }: Wanted, reason: Reason, detail: string): void {
    asker.say({ kind: 'undialled', handle: LINK_HANDLE, call, reason, detail })
  }
}

interface DiallingHost {
  onOpen(dialling: Dialling): void
  onClose(dialling: Dialling, cause: CloseCause, detail: string): void
}

/** Hears the socket until it stands. */
class Dialling implements SocketHandler {
  constructor(
    readonly socket: Socket,
    readonly wanted: Wanted,
    private readonly host: DiallingHost,
  ) {
    socket.attach(this)
  }

  onOpen(): void {
    this.host.onOpen(this)
  }

  onData(): void {}
  onEnd(): void {}
  onDrain(): void {}

  onClose(cause: CloseCause, detail: string): void {
    this.host.onClose(this, cause, detail)
  }
}

/** The node that asked, and no other: nothing is chosen, counted or waited for. */
class AskedPlaces implements Places {
  constructor(private readonly wanted: ReadonlyMap<unknown, Wanted>) {}

  pick(client: unknown, tried: ReadonlySet<NodeId>): ChosenNode | undefined {
    const asker = this.wanted.get(client)?.asker
    return asker === undefined || tried.has(asker.peer.node) ? undefined : asker.peer
  }

  sorry(): undefined {}
  seat(): void {}
  leave(): void {}

  enqueue(): boolean {
    return false
  }

  onQueueTimeout(): void {}
  onSorry(): void {}
}
