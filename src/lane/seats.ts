/** Which nodes take new connections of each port of each service, as the control plane has told. */
import type { NodeId } from '../base/ids.js'
import type { BackendSeat } from '../proxy/lane-protocol.js'
import { type Candidate, eligible } from '../proxy/schedule/scheduler.js'

const NONE: readonly Candidate[] = []

export class Seats {
  /** By service, then by port: who listens there. */
  readonly #candidates = new Map<string, ReadonlyMap<number, readonly Candidate[]>>()

  constructor(private readonly self: NodeId) {}

  set(service: string, seats: readonly BackendSeat[]): void {
    const byPort = new Map<number, Candidate[]>()
    // Also ports of which nobody takes a connection now: they are listened on all the same.
    for (const { port } of seats) byPort.set(port, [])
    for (const seat of eligible(seats)) byPort.get(seat.port)?.push({ ...seat, local: seat.node === this.self })
    this.#candidates.set(service, byPort)
  }

  /** Of services that are no more nothing is kept. */
  retain(services: { has(name: string): boolean }): void {
    for (const name of this.#candidates.keys()) if (!services.has(name)) this.#candidates.delete(name)
  }

  at(service: string, port: number): readonly Candidate[] {
    return this.#candidates.get(service)?.get(port) ?? NONE
  }

  portsOf(service: string): readonly number[] {
    return [...(this.#candidates.get(service)?.keys() ?? [])]
  }
}
