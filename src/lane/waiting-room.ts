/** Clients of a service for which every node is full, in the order in which they came; apart for each port. */
import type { ClientHalf } from '../proxy/client-half.js'

export class WaitingRoom {
  /** In the order of arrival: a Set keeps it, and whoever goes away leaves at once. */
  readonly #queues = new Map<number, Set<ClientHalf>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many wait for the port. */
  at(port: number): number {
    return this.#queues.get(port)?.size ?? 0
  }

  has(client: ClientHalf): boolean {
    return this.#queues.get(client.destination.port)?.has(client) === true
  }

  add(client: ClientHalf): void {
    const { port } = client.destination
    const queue = this.#queues.get(port) ?? new Set<ClientHalf>()
    this.#queues.set(port, queue)
    if (queue.has(client)) return
    queue.add(client)
    this.#size++
  }

  delete(client: ClientHalf): boolean {
    const { port } = client.destination
    const queue = this.#queues.get(port)
    if (queue?.delete(client) !== true) return false
    if (queue.size === 0) this.#queues.delete(port)
    this.#size--
    return true
  }

  /** Calls the first of each port, and the next for as long as `call` says that the one before stands in nobody's way. */
  callAll(call: (client: ClientHalf) => boolean): void {
    for (const queue of [...this.#queues.values()]) {
      for (const client of queue) if (!call(client)) break
    }
  }
}
