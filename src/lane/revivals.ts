/**
 * Client halves that another director had before, on rebuilt sockets: frozen until the service's address is here, then let go.
 * Nothing leaves a frozen socket, and nothing comes from it.
 */
import { formatEndpoint } from '../base/address.js'
import { formatSpliceId } from '../base/ids.js'
import { ClientHalf, type ClientHost } from '../proxy/client-half.js'
import type { LedgerRow } from '../proxy/ledger-frames.js'
import type { FrozenSocket, Rebuilder } from './frozen-socket.js'
import { type LaneContext, logFrom } from './lane-context.js'
import type { LedgerLink } from './recovery.js'

export interface RevivalCounts {
  revived: number
  failed: number
}

export class Revivals {
  readonly counts: RevivalCounts = { revived: 0, failed: 0 }
  readonly #frozen = new Map<ClientHalf, FrozenSocket>()
  #isFree = false

  constructor(
    private readonly host: ClientHost,
    private readonly context: LaneContext,
    private readonly rebuilder: Rebuilder,
  ) {}

  /** `undefined`: it cannot be rebuilt. */
  revive(row: LedgerRow, link: LedgerLink): ClientHalf | undefined {
    const built = this.rebuilder.rebuild(row)
    if ('why' in built) {
      this.counts.failed++
      logFrom(this.context, 'warn', 'not-rebuilt', {
        splice: formatSpliceId(row.id),
        client: formatEndpoint(row.client),
        why: built.why,
      })
      return undefined
    }
    this.counts.revived++
    const now = this.context.clock.now()
    const client = new ClientHalf(row.id, built.socket, this.host, built.snapshot, {
      sent: row.up,
      endRead: row.finUp,
      received: row.acknowledged,
      finReceived: row.finAcknowledged,
      granted: row.limit,
      startedAt: now - row.ageMs,
    })
    this.#frozen.set(client, built.socket)
    link.revive(client, { local: row.local, remote: row.remote })
    if (this.#isFree) this.letGo()
    return client
  }

  /** The address is here. */
  letGo(): void {
    this.#isFree = true
    for (const [client, socket] of this.#frozen) {
      this.#frozen.delete(client)
      if (!client.half.isClosed) socket.letGo()
    }
  }
}
