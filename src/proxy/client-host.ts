/** What a client half asks of the director that it belongs to. */
import type { Clock } from '../base/clock.js'
import type { Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Attempt, ClientSnapshot, OpenRequest } from './attempt.js'
import type { Counterpart } from './counterpart.js'
import type { Gate } from './half-tools.js'
import type { NodeName } from './lane-protocol.js'
import type { Places } from './places.js'
import type { Reason } from './reasons.js'
import type { RetentionPool } from './retention-pool.js'
import type { Service } from './service.js'

/** `Client`: the client half itself. */
export interface HostOf<Client> {
  readonly clock: Clock
  readonly pool: RetentionPool
  readonly gate: Gate
  readonly service: Service
  readonly term: Term
  /** It has directed since then. */
  readonly begunAt: Millis
  readonly places: Places
  /** Its clients have not come: their connections were made for programs of the nodes. */
  readonly isOutward?: boolean
  /** `undefined`: that node cannot be reached now. An answer may come before this returns. */
  open(client: Client, to: NodeName, request: OpenRequest): Attempt | undefined
  /** A backend stands, by `counterpart`: the client's bytes are about to be read. */
  onJoined(client: Client, counterpart: Counterpart): void
  onRetried(client: Client, node: NodeName, reason: Reason, detail: string): void
  /** Its program has reset it, and had said nothing. */
  onEarlyReset?(client: Client, node: NodeName): void
  onUnsettled(client: Client): void
  onIncident(client: Client, what: string): void
  onFinished(client: Client, reason: Reason | undefined, detail: string): void
  /** Its snapshot, as if it were taken now. */
  refreshed?(client: Client): ClientSnapshot
  /** Its program is gone, and it waits for nothing. `true`: it has parted from its socket, which another client half has. */
  onBereft?(client: Client): boolean
}
