/**
 * A lane's part in connections that programs make under the address of a service: where they ask (on the loopback address, at the first
 * lane), what they have asked for, and what other nodes ask of the directions here.
 */
import { formatEndpoint, isIpv6 } from '../base/address.js'
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { DoorReport, ToLane } from '../proxy/lane-protocol.js'
import type { Listener } from '../proxy/ports.js'
import type { Service } from '../proxy/service.js'
import { makesConnections } from '../proxy/service-outward.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import { Calls, type DialLink } from './calls.js'
import type { Asker, Dials } from './dials.js'
import { type LaneContext, logFrom } from './lane-context.js'

const BACKLOG = 1_024
const KEEPALIVE_MS: Millis = 30_000
/** A port that another program has is tried again so often. */
const AGAIN_MS: Millis = 2_000

interface Door {
  /** 0: any. */
  readonly wanted: number
  port: number
  listener: Listener | undefined
  /** Why it is shut; empty: it is not. */
  why: string
  againAt: Millis
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
  readonly #doors = new Map<string, Door>()
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
    return [...this.#doors].map(([service, { port, why }]) => ({ service, port, why }))
  }

  hear(message: Extract<ToLane, { type: 'directors' | 'resolved' }>): void {
    if (message.type === 'directors') this.calls.followDirectors(message.directors)
    else this.calls.onResolved(message.call, message.addresses)
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
    for (const [name, door] of this.#doors) {
      if (wanted.get(name)?.outward === door.wanted) continue
      door.listener?.close()
      this.#doors.delete(name)
    }
    for (const [name, service] of wanted) if (!this.#doors.has(name)) this.#openDoor(service)
  }

  sweep(now: Millis): void {
    for (const [name, door] of this.#doors) {
      const service = this.host.service(name)
      if (door.listener === undefined && now >= door.againAt && service !== undefined) this.#openDoor(service)
    }
    this.calls.sweep(now)
  }

  close(): void {
    for (const { listener } of this.#doors.values()) listener?.close()
    this.#doors.clear()
    this.calls.close()
  }

  #openDoor({ name, address, outward: port }: Service): void {
    const before = this.#doors.get(name)
    const door: Door = { wanted: port, port, listener: undefined, why: before?.why ?? '', againAt: 0 }
    this.#doors.set(name, door)
    const at = { address: isIpv6(address) ? '::1' : '127.0.0.1', port }
    const shut = (code: string) => {
      const why = `cannot listen on ${formatEndpoint(at)}: ${code}`
      if (why !== door.why) logFrom(this.context, 'error', 'no-outward-door', { service: name, why })
      door.why = why
      door.listener = undefined
      door.againAt = this.context.clock.now() + AGAIN_MS
    }
    door.listener = this.context.sockets.listen(
      at,
      { backlog: BACKLOG, keepaliveMs: KEEPALIVE_MS },
      {
        onListening: (actual) => {
          door.port = actual.port
          door.why = ''
        },
        onAccept: (socket) => this.calls.accept(socket, name),
        onProblem: (code, fatal) => {
          if (fatal) shut(code)
          else logFrom(this.context, 'error', 'accept-failed', { address: formatEndpoint(at), code })
        },
      },
    )
  }
}
