/** Clients of one service whose connections are lost are told so: handoff/farewell with a raw socket on the service's address. */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { FAREWELLS_MAX, Farewells, type Parting } from '../handoff/farewell.js'
import { encodeSegment, readSegment } from '../handoff/segment.js'
import type { Rebuilder, Tap } from './frozen-socket.js'
import { type LaneContext, logFrom } from './lane-context.js'

export class Partings {
  readonly #farewells: Farewells
  /** By the node where both halves were. */
  readonly #expected = new Map<NodeId, Map<string, Parting>>()
  /** Of which a ledger has told this lane. */
  readonly #known = new Set<string>()
  #tap: Tap | undefined
  #isReported = true

  constructor(
    private readonly service: string,
    private readonly address: string,
    private readonly context: LaneContext,
    private readonly rebuilder: Rebuilder,
  ) {
    this.#farewells = new Farewells(
      ({ client, destination }) => !rebuilder.isTaken(destination, client),
      ({ client, destination }, segment) => {
        this.#tap?.send(client.address, encodeSegment(destination, client, segment))
      },
    )
  }

  /** Lost, unless `host` still tells of it. */
  expect(host: NodeId, parting: Parting): void {
    if (!this.#known.has(keyOf(parting))) this.#await(host, parting)
  }

  /** A ledger has it, in whatever order it and `expect` come. */
  forget(parting: Parting): void {
    const key = keyOf(parting)
    this.#known.add(key)
    for (const expected of this.#expected.values()) expected.delete(key)
  }

  /** A ledger has it, and it cannot be rebuilt. */
  lose(parting: Parting): void {
    this.forget(parting)
    this.add(parting)
  }

  #await(host: NodeId, parting: Parting): void {
    const expected = this.#expected.get(host) ?? new Map<string, Parting>()
    if (expected.size < FAREWELLS_MAX) expected.set(keyOf(parting), parting)
    this.#expected.set(host, expected)
    // From before the address is here, where it can be: a client that begins anew from the same port is seen to do so.
    this.#open()
  }

  add(parting: Parting): void {
    if (!this.#open()) return
    this.#farewells.add(parting, this.context.clock.now())
    this.#isReported = false
  }

  /** Every 100 ms or so, while the address is here. `mayTell`: rows of that node may still come. */
  sweep(now: Millis, mayTell: (host: NodeId) => boolean): void {
    for (const [host, partings] of this.#expected) {
      if (mayTell(host)) continue
      this.#expected.delete(host)
      for (const parting of partings.values()) this.add(parting)
    }
    if (this.#expected.size === 0) this.#known.clear()
    if (this.#tap === undefined) return
    this.#farewells.look(now)
    if (this.#farewells.size > 0 || this.#expected.size > 0) return
    this.close()
    if (this.#isReported) return
    this.#isReported = true
    logFrom(this.context, 'info', 'farewells', { service: this.service, ...this.#farewells.counts })
  }

  /** Some are lost unless a node still tells of them. */
  get isExpecting(): boolean {
    for (const { size } of this.#expected.values()) if (size > 0) return true
    return false
  }

  close(): void {
    this.#tap?.close()
    this.#tap = undefined
  }

  #open(): boolean {
    if (this.#tap !== undefined) return true
    const tap = this.rebuilder.tap(this.address, (from, header, length) => {
      const segment = readSegment(header, length)
      if (segment === undefined) return
      this.#farewells.hear(from, segment, this.context.clock.now())
    })
    if ('why' in tap) return false
    this.#tap = tap
    return true
  }
}

function keyOf({ client, destination }: Parting): string {
  return `${client.address} ${client.port} ${destination.port}`
}
