/**
 * Sockets where programs of this node ask for connections (lane/doors), one for each lane: the first lane opens them, and a copy of each
 * is kept here. So they are there for as long as the process: who knocks while a lane dies waits in the kernel for its heir.
 */
import type { FromLane, ToLane } from '../../proxy/lane-protocol.js'
import type { Service } from '../../proxy/service.js'
import { isDoorWanted } from '../../proxy/service-outward.js'

export type ShareDoor = Extract<FromLane, { type: 'share-door' }>
type AdoptDoor = Extract<ToLane, { type: 'adopt-door' }>

export interface Descriptors {
  /** Negative: none is free. */
  duplicate(fd: number): number
  /** Nobody listens there any more, whoever has copies of it. */
  end(fd: number): void
  close(fd: number): void
}

export class SharedDoors {
  readonly #doors = new Map<string, ShareDoor>()
  #services: readonly Service[] = []

  constructor(private readonly descriptors: Descriptors) {}

  /** The whole truth each time, and before lanes hear it: ports are free for whoever wants them next. */
  follow(services: readonly Service[]): void {
    this.#services = services
    for (const [key, door] of this.#doors) {
      if (this.#isWanted(door)) continue
      this.#doors.delete(key)
      this.#end(door)
    }
  }

  /** `false`: it came too late, and is ended. */
  keep(door: ShareDoor): boolean {
    if (!this.#isWanted(door)) {
      this.#end(door)
      return false
    }
    const key = keyOf(door)
    const before = this.#doors.get(key)
    this.#doors.set(key, door)
    if (before !== undefined) this.descriptors.close(before.fd)
    return true
  }

  /** Copies of what that lane is to listen at. */
  *of(lane: number): Generator<AdoptDoor, void, undefined> {
    for (const door of this.#doors.values()) if (door.lane === lane) yield* this.copyOf(door)
  }

  copyOf({ service, door, at, fd: original }: ShareDoor): AdoptDoor[] {
    const fd = this.descriptors.duplicate(original)
    return fd < 0 ? [] : [{ type: 'adopt-door', service, door, at, fd }]
  }

  #end({ fd }: ShareDoor): void {
    this.descriptors.end(fd)
    this.descriptors.close(fd)
  }

  #isWanted({ service: name, door, at }: ShareDoor): boolean {
    const service = this.#services.find((one) => one.name === name)
    return service !== undefined && isDoorWanted(service, door, at)
  }
}

function keyOf({ service, door, lane }: ShareDoor): string {
  return `${door} ${lane} ${service}`
}
