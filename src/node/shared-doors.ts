/**
 * Sockets where programs of this node ask for connections (lane/doors): the first lane opens them, every lane accepts on a copy, and one
 * is kept here. So the socket is there for as long as the process: who knocks while a lane dies waits in the kernel, for any other lane
 * and for the heir.
 */
import type { DoorKind, FromLane, ToLane } from '../proxy/lane-protocol.js'
import type { Service } from '../proxy/service.js'
import { isDoorWanted } from '../proxy/service-outward.js'

export type ShareDoor = Extract<FromLane, { type: 'share-door' }>

export interface Descriptors {
  /** Negative: none is free. */
  duplicate(fd: number): number
  close(fd: number): void
}

export class SharedDoors {
  readonly #doors = new Map<string, ShareDoor>()
  #services: readonly Service[] = []

  constructor(private readonly descriptors: Descriptors) {}

  /** The whole truth each time. Lanes that hear it close theirs by themselves. */
  follow(services: readonly Service[]): void {
    this.#services = services
    for (const [key, door] of this.#doors) {
      if (this.#isWanted(door)) continue
      this.#doors.delete(key)
      this.descriptors.close(door.fd)
    }
  }

  /** `false`: it came too late, and is closed. */
  keep(door: ShareDoor): boolean {
    if (!this.#isWanted(door)) {
      this.descriptors.close(door.fd)
      return false
    }
    const key = keyOf(door)
    const before = this.#doors.get(key)
    this.#doors.set(key, door)
    if (before !== undefined) this.descriptors.close(before.fd)
    return true
  }

  /** For one lane: a copy of each, or of this one. */
  copies(of: Iterable<ShareDoor> = this.#doors.values()): Extract<ToLane, { type: 'adopt-door' }>[] {
    return [...of].flatMap(({ service, door, at, fd }) => {
      const copy = this.descriptors.duplicate(fd)
      return copy < 0 ? [] : [{ type: 'adopt-door', service, door, at, fd: copy } as const]
    })
  }

  #isWanted({ service: name, door, at }: ShareDoor): boolean {
    const service = this.#services.find((one) => one.name === name)
    return service !== undefined && isDoorWanted(service, door, at)
  }
}

function keyOf({ service, door }: { readonly service: string; readonly door: DoorKind }): string {
  return `${door} ${service}`
}
