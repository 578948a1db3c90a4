/** Which nodes have a program for each port of each service, as the control plane has told. */
import type { NodeId } from '../base/ids.js'
import type { BackendSeat } from '../proxy/lane-protocol.js'
import type { Candidate } from '../proxy/schedule/scheduler.js'

const NONE: readonly Candidate[] = []

export class Seats {
  /** By service, then by port: who listens there. */
  readonly #candidates = new Map<string, ReadonlyMap<number, readonly Candidate[]>>()

  constructor(private readonly self: NodeId) {}

  set(service: string, seats: readonly BackendSeat[]): void {
    const byPort = new Map<number, Candidate[]>()
    for (const { node, name, port } of seats) {
      const candidate: Candidate = { node, name, port, local: node === this.self }
      byPort.set(port, [...(byPort.get(port) ?? []), candidate])
    }
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
