/** What a direction asks of its lane. */
import type { NodeId, SpliceId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Attempt, ClientHalf, OpenRequest } from '../proxy/client-half.js'
import type { NodeName } from '../proxy/lane-protocol.js'
import type { Service } from '../proxy/service.js'
import type { Estate } from './estate.js'
import type { Failures } from './failures.js'
import type { LedgerLink } from './recovery.js'
import type { Seats } from './seats.js'
import type { Unsettled } from './unsettled.js'

export interface DirectionHost {
  readonly unsettled: Unsettled
  readonly seats: Seats
  readonly failures: Failures
  nextSpliceId(): SpliceId
  nextToken(): number
  linksTo(node: NodeId): readonly LedgerLink[]
  /** All that are up, and the way within this lane. */
  readonly links: readonly LedgerLink[]
  /** Its process is known to have ended. */
  hasEnded(node: NodeId): boolean
  /** Of a lane that died. */
  readonly estate: Estate
  /** How long nothing has been heard of a node. */
  darkMs(node: NodeId): Millis
  open(client: ClientHalf, to: NodeName, request: OpenRequest): Attempt | undefined
  onStopped(direction: { readonly service: Service }): void
}
