/** One line of the access log (docs/access-log.md): what is told of a splice when it is over. */
import { type Endpoint, formatEndpoint } from '../base/address.js'
import { formatSpliceId, type SpliceId, type Term } from '../base/ids.js'
import { printableJson } from '../base/printable.js'
import type { Millis } from '../base/time.js'
import { isoOf } from '../base/wall-time.js'
import type { Reason } from './reasons.js'
import type { SpliceHistory } from './splice-history.js'

/** Of a splice that has ended. Times are of one node's clock (`Clock.now`). */
export interface SpliceRecord {
  readonly id: SpliceId
  /** Missing: as the splice's own id. */
  readonly uniqueId: string | undefined
  readonly service: string
  readonly direction: 'in' | 'out'
  /** Which half tells of it, and the name of its node. */
  readonly by: 'director' | 'backend'
  readonly host: string
  readonly term: Term
  /** The client; and the proxy in front that has said so. */
  readonly client: Endpoint
  readonly via: Endpoint | undefined
  readonly destination: Endpoint
  /** Of the program. */
  readonly node: string | undefined
  readonly server: ServerLeg | undefined
  readonly attempts: number
  readonly startedAt: Millis
  readonly chosenAt: Millis | undefined
  readonly connectedAt: Millis | undefined
  readonly endedAt: Millis
  readonly bytesUp: number
  readonly bytesDown: number
  readonly outcome: 'ended' | 'reset' | 'refused' | 'parked'
  readonly reason: Reason | undefined
  readonly closedBy: ClosedBy
  readonly detail: string
  readonly history: SpliceHistory
}

/** The backend's connection as its node sees it. */
export interface ServerLeg {
  readonly from: Endpoint
  readonly to: Endpoint
}

/** Who ended it: of two FINs, whose came first. `unknown`: that was another director's to see. */
export type ClosedBy = 'client' | 'backend' | 'baton' | 'unknown'

/** `wall`: what the wall clock says at `endedAt`. */
export function lineOf(record: SpliceRecord, wall: Millis): string {
  const { startedAt, chosenAt, connectedAt, endedAt, server, term, history } = record
  const id = formatSpliceId(record.id)
  const at = (time: Millis | undefined) => (time === undefined ? undefined : isoOf(wall - (endedAt - time)))
  const between = (from: Millis | undefined, to: Millis | undefined) =>
    from === undefined || to === undefined ? undefined : tenths(to - from)
  return printableJson({
    at: at(endedAt),
    splice: id,
    uniqueId: record.uniqueId ?? id,
    service: record.service,
    direction: record.direction,
    by: record.by,
    host: record.host,
    director: term.holder,
    term: term.number,
    client: formatEndpoint(record.client),
    via: record.via && formatEndpoint(record.via),
    destination: formatEndpoint(record.destination),
    node: record.node,
    backendFrom: server && formatEndpoint(server.from),
    backend: server && formatEndpoint(server.to),
    attempts: record.attempts,
    accepted: at(startedAt),
    chosen: at(chosenAt),
    connected: at(connectedAt),
    chooseMs: between(startedAt, chosenAt),
    connectMs: between(chosenAt, connectedAt),
    ms: between(startedAt, endedAt),
    bytesUp: record.bytesUp,
    bytesDown: record.bytesDown,
    outcome: record.outcome,
    reason: record.reason ?? 'ended',
    closedBy: record.closedBy,
    detail: record.detail === '' ? undefined : record.detail,
    moves: history.moves,
    takeovers: history.takeovers,
  })
}

function tenths(ms: Millis): number {
  return Math.round(Math.max(0, ms) * 10) / 10
}
