/**
 * A lane's part in connections that programs make under the address of a service: where they come (on the loopback address, at the first
 * lane), what they have asked for, and what other nodes ask of the directions here.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { ToLane } from '../proxy/lane-protocol.js'
import type { DoorReport } from '../proxy/outward-report.js'
import type { Socket } from '../proxy/ports.js'
import type { Service } from '../proxy/service.js'
import { makesConnections } from '../proxy/service-outward.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import { Calls, type DialLink } from './calls.js'
import type { CarriedRow, RowOut } from './carried.js'
import type { Asker, Dials } from './dials.js'
import { Door } from './door.js'
import type { LaneContext } from './lane-context.js'

type SteerMessage = Extract<ToLane, { type: 'steer' }>

interface Doors {
  /** Where programs ask; `undefined`: nowhere, and only those come that the kernel leads here. */
  readonly asked: Door | undefined
  readonly steered: Door
  steer: SteerMessage | undefined
}

export interface OutwardHost {
  service(name: string): Service | undefined
  /** Of what this lane directs. */
  dials(service: string): Dials | undefined
  linkTo(node: NodeId): DialLink | undefined
  openHere(client: ClientHalf, request: OpenRequest): Attempt | undefined
}

export class Outward {
  readonly calls: Calls
  readonly #doors = new Map<string, Doors>()
  /** Listening sockets of the process before, by service. */
  readonly #left = new Map<string, { readonly at: Endpoint; readonly fd: number }>()
  /** This node itself, whom it asks as any other. */
  readonly #self: DialLink & Asker

  constructor(
    private readonly context: LaneContext,
    private readonly host: OutwardHost,
  ) {
    const { setup } = context
    this.#self = {
      peer: setup,
      isUp: true,
      dials: true,
      say: (frame: DialFrame | UndialledFrame) => this.onFrame(this.#self, frame),
      open: (client, request) => host.openHere(client, request),
    }
    this.calls = new Calls(context, {
      service: (name) => host.service(name),
      linkTo: (node) => (node === setup.node ? this.#self : host.linkTo(node)),
    })
  }

  get doors(): readonly DoorReport[] {
    return [...this.#doors].map(([service, { asked, steer }]) => {
      const { cgroup = '', whyNot = 'not yet', whyNoAlias = '' } = steer ?? {}
      return { service, port: asked?.at.port ?? 0, why: asked?.why ?? '', cgroup, whyNot, whyNoAlias }
    })
  }

  /** For the next process of this node; where connections are led it makes a door of its own. */
  *rows(): Generator<RowOut, void, undefined> {
    for (const [service, { asked }] of this.#doors) {
      if (asked !== undefined && asked.fd >= 0) yield { row: { kind: 'door', service, at: asked.at }, fd: asked.fd }
    }
  }

  inherit({ service, at }: Extract<CarriedRow, { kind: 'door' }>, fd: number): void {
    this.#left.set(service, { at, fd })
  }

  /** What nobody wants any more. */
  closeLeft(): void {
    for (const { fd } of this.#left.values()) this.context.sockets.closeDescriptor?.(fd)
    this.#left.clear()
  }

  hear(message: Extract<ToLane, { type: 'directors' | 'resolved' | 'steer' }>): void {
    if (message.type === 'directors') return this.calls.followDirectors(message.directors)
    if (message.type === 'resolved') return this.calls.onResolved(message.call, message.addresses)
    const doors = this.#doors.get(message.service)
    if (doors !== undefined) doors.steer = message
  }

  /** From another node, or from this one. */
  onFrame(asker: Asker, frame: DialFrame | UndialledFrame): void {
    if (frame.kind === 'undialled') return this.calls.onUndialled(frame)
    const dials = this.host.dials(frame.service)
    if (dials !== undefined) return dials.dial(frame, asker)
    const answer = { kind: 'undialled', handle: LINK_HANDLE, call: frame.call } as const
    asker.say({ ...answer, reason: 'not-here', detail: 'it does not direct the service' })
  }

  /** One lane has the doors: what comes to a loopback address is little against what one lane can do. */
  followServices(services: readonly Service[]): void {
    if (this.context.setup.lane !== 0) return
    const wanted = new Map(services.filter(makesConnections).map((service) => [service.name, service]))
    for (const [name, { asked, steered }] of this.#doors) {
      const service = wanted.get(name)
      const isSame = service?.outward === (asked?.wanted ?? 0) && loopbackOf(service) === steered.at.address
      if (!isSame) this.#close(name)
    }
    for (const [name, service] of wanted) if (!this.#doors.has(name)) this.#open(service)
  }

  sweep(now: Millis): void {
    for (const { asked, steered } of this.#doors.values()) for (const door of [asked, steered]) door?.sweep(now)
    this.calls.sweep(now)
  }

  close(): void {
    for (const name of [...this.#doors.keys()]) this.#close(name)
    this.calls.close()
  }

  #open(service: Service): void {
    const { name, outward } = service
    const { context } = this
    const address = loopbackOf(service)
    const asked = { address, port: outward }
    const onAccept = (socket: Socket) => this.calls.accept(socket, name)
    const left = this.#left.get(name)
    const isSame = left?.at.address === address && left.at.port === outward
    if (isSame) this.#left.delete(name)
    this.#doors.set(name, {
      asked:
        outward === 0
          ? undefined
          : new Door(context, name, asked, { onAccept, onListening: () => {} }, isSame ? left.fd : undefined),
      steered: new Door(
        context,
        name,
        { address, port: 0 },
        {
          onAccept: (socket) => this.#onSteered(socket, name),
          onListening: ({ port }) => context.post({ type: 'steer-door', service: name, port }),
        },
      ),
      steer: undefined,
    })
  }

  /** Whoever finds this door by himself has no business here. */
  #onSteered(socket: Socket, name: string): void {
    const { origins = [] } = this.#doors.get(name)?.steer ?? {}
    for (const map of origins) {
      const to: Endpoint | undefined = this.context.originOf?.(map, socket.remote.port)
      if (to !== undefined) return this.calls.accept(socket, name, to)
    }
    socket.reset()
  }

  #close(name: string): void {
    const { asked, steered } = this.#doors.get(name) ?? {}
    asked?.close()
    steered?.close()
    this.#doors.delete(name)
  }
}

function loopbackOf({ address }: Service): string {
  return isIpv6(address) ? '::1' : '127.0.0.1'
}
