/**
 * Where programs of this node ask a lane for connections under the address of a service, and where the kernel leads those that know of
 * nothing: sockets on the loopback address, one for each lane, which the first lane opens. The control plane has copies, so the death of
 * a lane shuts no door (node/outward/shared-doors).
 */
import type { Endpoint } from '../base/address.js'
import type { DoorKind, ToLane } from '../proxy/lane-protocol.js'
import type { DoorReport } from '../proxy/outward-report.js'
import type { Socket } from '../proxy/ports.js'
import type { Service } from '../proxy/service.js'
import { isDoorWanted, loopbackOf, makesConnections } from '../proxy/service-outward.js'
import type { CarriedRow, RowOut } from './carried.js'
import { Door, type LeftDoor } from './door.js'
import type { LaneContext } from './lane-context.js'

type SteerMessage = Extract<ToLane, { type: 'steer' }>

interface Doors {
  /** `undefined`: nowhere, and only those come that the kernel leads here. */
  readonly asked: Door | undefined
  readonly led: Door
  steer: SteerMessage | undefined
  /** Maps of the process before: of connections that it had not accepted yet. */
  readonly former: readonly number[]
}

export class ServiceDoors {
  readonly #doors = new Map<string, Doors>()
  /** Listening sockets that came before their service is known, and maps. */
  readonly #left = new Map<string, LeftDoor>()
  readonly #former = new Map<string, number[]>()

  constructor(
    private readonly context: LaneContext,
    /** `to`: where the kernel has led it away from. */
    private readonly onAccept: (socket: Socket, service: string, to?: Endpoint) => void,
  ) {}

  get report(): readonly DoorReport[] {
    return [...this.#doors].map(([service, { asked, led, steer }]) => {
      const { cgroup = '', whyNot = 'not yet', whyNoAlias = '' } = steer ?? {}
      const lanes = (asked ?? led).isOpen ? 1 : 0
      return { service, port: asked?.at.port ?? 0, why: asked?.why ?? '', lanes, cgroup, whyNot, whyNoAlias }
    })
  }

  /** For the next process of this node: whoever knocks meanwhile waits in the kernel. */
  *rows(): Generator<RowOut, void, undefined> {
    for (const [service, { asked, led, steer }] of this.#doors) {
      if (asked?.isOpen === true) yield { row: { kind: 'door', service, at: asked.at }, fd: asked.fd }
      if (led.isOpen) yield { row: { kind: 'led-door', service, at: led.at }, fd: led.fd }
      for (const [port, fd] of (steer?.origins ?? []).entries()) {
        yield { row: { kind: 'origins', service, at: { address: '', port } }, fd }
      }
    }
  }

  inherit(row: Extract<CarriedRow, { kind: 'door' | 'led-door' | 'origins' }>, fd: number): void {
    const { kind, service, at } = row
    if (kind === 'origins') this.#former.set(service, [...(this.#former.get(service) ?? []), fd])
    else this.#left.set(`${kind === 'door' ? 'asked' : 'led'} ${service}`, { at, fd, isShared: false })
  }

  /** What nobody wants any more. */
  closeLeft(): void {
    const maps = [...this.#former.values()].flat()
    for (const fd of [...[...this.#left.values()].map((left) => left.fd), ...maps]) this.#closeDescriptor(fd)
    this.#left.clear()
    this.#former.clear()
  }

  /** To a lane that takes another's place it comes before the services. */
  adopt({ service, door: kind, at, fd }: Extract<ToLane, { type: 'adopt-door' }>): void {
    const doors = this.#doors.get(service)
    const door = kind === 'asked' ? doors?.asked : doors?.led
    if (doors === undefined) this.#left.set(`${kind} ${service}`, { at, fd, isShared: true })
    else if (door?.isAt(at) === true) door.adopt({ at, fd, isShared: true })
    else this.#closeDescriptor(fd)
  }

  steer(message: SteerMessage): void {
    const doors = this.#doors.get(message.service)
    if (doors !== undefined) doors.steer = message
  }

  followServices(services: readonly Service[]): void {
    const wanted = new Map(services.filter(makesConnections).map((service) => [service.name, service]))
    for (const [name, { asked, led }] of this.#doors) {
      const service = wanted.get(name)
      const isSame = service?.outward === (asked?.wanted ?? 0) && loopbackOf(service) === led.at.address
      if (!isSame) this.#close(name)
    }
    for (const [name, service] of wanted) if (!this.#doors.has(name)) this.#open(service)
  }

  sweep(now: number): void {
    for (const { asked, led } of this.#doors.values()) for (const door of [asked, led]) door?.sweep(now)
  }

  close(): void {
    for (const name of [...this.#doors.keys()]) this.#close(name)
  }

  #open(service: Service): void {
    const { name, outward } = service
    const address = loopbackOf(service)
    this.#doors.set(name, {
      asked: outward === 0 ? undefined : this.#door(service, 'asked', { address, port: outward }),
      led: this.#door(service, 'led', { address, port: 0 }),
      steer: undefined,
      former: this.#former.get(name) ?? [],
    })
    this.#former.delete(name)
  }

  #door(service: Service, kind: DoorKind, at: Endpoint): Door {
    const { name } = service
    const key = `${kind} ${name}`
    const left = this.#left.get(key)
    const isFit = left !== undefined && isDoorWanted(service, kind, left.at)
    if (isFit) this.#left.delete(key)
    const onAccept = (socket: Socket) => {
      if (kind === 'asked') this.onAccept(socket, name)
      else this.#onLed(socket, name)
    }
    return new Door(this.context, { service: name, kind, at }, onAccept, isFit ? left : undefined)
  }

  /** Whoever finds this door by himself has no business here. */
  #onLed(socket: Socket, name: string): void {
    const { steer, former = [] } = this.#doors.get(name) ?? {}
    for (const map of [...(steer?.origins ?? []), ...former]) {
      const to: Endpoint | undefined = this.context.originOf?.(map, socket.remote.port)
      if (to !== undefined) return this.onAccept(socket, name, to)
    }
    socket.reset()
  }

  #close(name: string): void {
    const { asked, led, former = [] } = this.#doors.get(name) ?? {}
    asked?.close()
    led?.close()
    for (const fd of former) this.#closeDescriptor(fd)
    this.#doors.delete(name)
  }

  #closeDescriptor(fd: number): void {
    this.context.sockets.closeDescriptor?.(fd)
  }
}
