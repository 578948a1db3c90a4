/**
 * Clients whose program is gone and that wait for nothing: their sockets are kept, and served by the next program as if they had
 * been accepted anew. The splice that was is over; the client half that goes on has an id of its own, and counts from 0.
 */
import { formatEndpoint } from '../base/address.js'
import { formatSpliceId, type SpliceId } from '../base/ids.js'
import type { Roll } from '../base/roll.js'
import type { Millis } from '../base/time.js'
import { rebased } from '../handoff/rebase.js'
import { decodeSnapshot, encodeSnapshot } from '../handoff/snapshot-codec.js'
import type { ClientSnapshot } from '../proxy/attempt.js'
import { ClientHalf, type ClientHost } from '../proxy/client-half.js'
import { BEGINNING } from '../proxy/half-tools.js'
import type { PlacementReport } from '../proxy/lane-report.js'
import { type LaneContext, logFrom } from './lane-context.js'

/** Of one service in one lane; more get an RST. */
export const PARKED_MAX = 16_384

export interface ParkingHost extends ClientHost {
  readonly clients: Roll<ClientHalf>
  /** Of the half that was. */
  forget(client: ClientHalf): void
}

export class Parking {
  readonly #parked = new Set<ClientHalf>()
  #resumed = 0
  #givenUp = 0

  constructor(
    private readonly host: ParkingHost,
    private readonly context: LaneContext,
    private readonly nextId: () => SpliceId,
  ) {}

  get report(): Pick<PlacementReport, 'parked' | 'resumed' | 'givenUp'> {
    return { parked: this.#parked.size, resumed: this.#resumed, givenUp: this.#givenUp }
  }

  /** Another client half has the socket of this one from now on, which is over. `false`: none is kept. */
  take(client: ClientHalf): boolean {
    const { service, clock } = this.host
    if (service.parkMs === 0 || this.#parked.size >= PARKED_MAX) return false
    const now = clock.now()
    const { sent, received } = client.half
    const snapshot = snapshotNow(client, now, sent, received)
    client.part()
    const { startedAt, source, introduction } = client
    const revival = { ...BEGINNING, startedAt, source, introduction, parkedUntil: now + service.parkMs }
    const next = new ClientHalf(this.nextId(), client.half.socket, this.host, snapshot, revival)
    this.context.records?.ended(client, 'program-gone', '', formatSpliceId(next.id))
    this.host.forget(client)
    this.host.clients.add(next)
    this.#parked.add(next)
    logFrom(this.context, 'debug', 'splice-parked', {
      splice: formatSpliceId(client.id),
      next: formatSpliceId(next.id),
      service: service.name,
      client: formatEndpoint(client.client),
    })
    return true
  }

  /** Of another process. */
  add(client: ClientHalf): void {
    if (client.parkedUntil !== undefined) this.#parked.add(client)
  }

  /** They are asked for in the next sweep: thousands at once would keep all others waiting. */
  followSeats(): void {
    for (const client of this.#parked) client.hurry()
  }

  onServed(client: ClientHalf): void {
    if (this.#parked.delete(client)) this.#resumed++
  }

  onFinished(client: ClientHalf): void {
    if (this.#parked.delete(client)) this.#givenUp++
  }
}

/** As if its connection began now, when so many bytes have passed each way. Its clock goes on while it waits. */
export function snapshotNow(
  { snapshot, half }: Pick<ClientHalf, 'snapshot' | 'half'>,
  now: Millis,
  received = 0,
  acknowledged = 0,
): ClientSnapshot {
  const decoded = decodeSnapshot(snapshot.bytes)
  if (decoded === undefined) return snapshot
  const clock = half.socket.clock?.()
  const bytes = encodeSnapshot(rebased(decoded, { received, acknowledged, clock, ageMs: now - snapshot.at }))
  return { bytes, at: now }
}
