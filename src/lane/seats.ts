/** Who serves what, as this lane was told. */
import type { NodeId } from '../base/ids.js'
import type { BackendSeat, ToLane } from '../proxy/lane-protocol.js'
import { areFoundPorts, expandPorts } from '../proxy/port-list.js'
import type { Candidate } from '../proxy/schedule/scheduler.js'
import type { Service } from '../proxy/service.js'
import type { UsageCell } from '../proxy/usage.js'

type SeatsMessage = Extract<ToLane, { type: 'backends' }>

/** Of one service. Arrays of candidates are the same ones for as long as they say the same. */
export interface Seated {
  readonly byPort: ReadonlyMap<number, readonly Candidate[]>
  /** As many healthy nodes as the service wants. */
  readonly quorate: boolean
  readonly cells: readonly UsageCell[]
}

const NOBODY: Seated = { byPort: new Map(), quorate: true, cells: [] }
const NO_CANDIDATES: readonly Candidate[] = []

export class Seats {
  readonly #seated = new Map<string, Seated>()

  constructor(private readonly self: NodeId) {}

  set({ service, seats, quorate = true, cells = [] }: SeatsMessage): void {
    const byPort = new Map<number, Candidate[]>()
    for (const seat of seats) {
      const candidates = byPort.get(seat.port) ?? []
      candidates.push(this.#candidate(seat))
      byPort.set(seat.port, candidates)
    }
    this.#seated.set(service, { byPort, quorate, cells })
  }

  of(service: string): Seated {
    return this.#seated.get(service) ?? NOBODY
  }

  candidates(service: string, port: number): readonly Candidate[] {
    return this.of(service).byPort.get(port) ?? NO_CANDIDATES
  }

  /** On which a director of the service listens. */
  portsOf({ name, ports }: Pick<Service, 'name' | 'ports'>): readonly number[] {
    return areFoundPorts(ports) ? this.ports(name) : expandPorts(ports)
  }

  /** On which some node listens now. */
  ports(service: string): readonly number[] {
    return [...this.of(service).byPort.keys()]
  }

  /** Of services that are gone nothing is kept. */
  keepOnly(services: ReadonlyMap<string, unknown>): void {
    for (const name of this.#seated.keys()) if (!services.has(name)) this.#seated.delete(name)
  }

  #candidate(seat: BackendSeat): Candidate {
    return { ...seat, local: seat.node === this.self }
  }
}
