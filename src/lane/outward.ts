/**
 * A lane's part in connections that programs make under the address of a service: where they come (doors), what they have asked for
 * (calls), and what other nodes ask of the directions here (dials).
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import type { DialFrame, UndialledFrame } from '../proxy/dial-frames.js'
import type { ToLane } from '../proxy/lane-protocol.js'
import type { Service } from '../proxy/service.js'
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import { Calls, type DialLink } from './calls.js'
import type { CallRow, OutwardRow, RowOut } from './carried.js'
import type { Asker, Dials } from './dials.js'
import { ServiceDoors } from './doors.js'
import { contained } from './faults.js'
import type { LaneContext } from './lane-context.js'

export interface OutwardHost {
  service(name: string): Service | undefined
  /** Of what this lane directs. */
  dials(service: string): Dials | undefined
  linkTo(node: NodeId): DialLink | undefined
  openHere(client: ClientHalf, request: OpenRequest): Attempt | undefined
}

export class Outward {
  readonly calls: Calls
  readonly doors: ServiceDoors
  /** Programs that the process before had not answered. */
  readonly #left: { readonly row: CallRow; readonly fd: number }[] = []
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
    this.doors = new ServiceDoors(context, (socket, service, to) => this.calls.accept(socket, service, to))
  }

  /** For the next process of this node. */
  *rows(): Generator<RowOut, void, undefined> {
    yield* this.doors.rows()
    yield* this.calls.rows()
  }

  inherit(row: OutwardRow, fd: number): void {
    if (row.kind === 'call') this.#left.push({ row, fd })
    else this.doors.inherit(row, fd)
  }

  /** All is known that the process before has left, and what was said since: programs that it had not answered go on waiting here. */
  goOn(): void {
    this.doors.closeLeft()
    for (const { row, fd } of this.#left.splice(0)) contained(this.context, () => this.calls.goOn(row, fd))
  }

  hear(message: Extract<ToLane, { type: 'directors' | 'resolved' | 'steer' | 'adopt-door' }>): void {
    if (message.type === 'directors') return this.calls.followDirectors(message.directors)
    if (message.type === 'resolved') return this.calls.onResolved(message.call, message.addresses)
    if (message.type === 'adopt-door') return this.doors.adopt(message)
    this.doors.steer(message)
  }

  /** From another node, or from this one. */
  onFrame(asker: Asker, frame: DialFrame | UndialledFrame): void {
    if (frame.kind === 'undialled') return this.calls.onUndialled(frame)
    const dials = this.host.dials(frame.service)
    if (dials !== undefined) return dials.dial(frame, asker)
    const answer = { kind: 'undialled', handle: LINK_HANDLE, call: frame.call } as const
    asker.say({ ...answer, reason: 'not-here', detail: 'it does not direct the service' })
  }

  sweep(now: Millis): void {
    this.doors.sweep(now)
    this.calls.sweep(now)
  }

  close(): void {
    this.doors.close()
    this.calls.close()
  }
}
