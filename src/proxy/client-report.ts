/** What is told of a client half, for `baton splices`. */
import type { Endpoint } from '../base/address.js'
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ClientSnapshot } from './attempt.js'
import type { Socket } from './endpoint.js'
import type { Half } from './half.js'
import type { SpliceReport } from './lane-report.js'
import type { ChosenNode } from './places.js'
import { PROGRAM_BESIDE } from './reasons.js'

type Ends = Pick<Socket, 'local' | 'remote'>

/** A client half. */
export interface ReportedClient {
  readonly service: { readonly name: string }
  readonly isOutward: boolean
  readonly term: Term
  readonly client: Endpoint
  /** Who it is, as a proxy in front has said. */
  readonly source: Endpoint | undefined
  readonly destination: Endpoint
  readonly startedAt: Millis
  readonly snapshot: ClientSnapshot
  readonly half: Pick<Half, 'activeAt' | 'sent' | 'received' | 'isClosing' | 'isHalfClosed'>
  readonly node: ChosenNode | undefined
  readonly joined: { readonly server: Ends } | undefined
  readonly parkedUntil: Millis | undefined
}

export function clientReport(client: ReportedClient, self: NodeId): Omit<SpliceReport, 'id'> {
  const { half, node, joined } = client
  return {
    service: client.service.name,
    here: node?.node === self ? 'both' : 'client',
    direction: client.isOutward ? 'out' : 'in',
    state: stateOf(client),
    term: client.term,
    director: self,
    backend: node?.sorry === undefined ? node?.node : undefined,
    client: client.source ?? client.client,
    ...(client.source && { via: client.client }),
    destination: client.destination,
    server: joined === undefined ? undefined : endsOf(joined.server),
    startedAt: client.startedAt,
    activeAt: half.activeAt,
    bytesUp: half.sent,
    bytesDown: half.received,
    mortal: mortalOf(client, self),
  }
}

function stateOf({ joined, parkedUntil, half }: ReportedClient): SpliceReport['state'] {
  if (joined === undefined) return parkedUntil === undefined ? 'dialing' : 'parked'
  if (half.isClosing) return 'closing'
  return half.isHalfClosed ? 'half-closed' : 'open'
}

/** Why it would end with its director; empty: it would live on. */
export function mortalOf({ joined, node, snapshot }: ReportedClient, self: NodeId): string {
  if (joined === undefined) return 'no program serves it yet'
  if (node?.node === self) return PROGRAM_BESIDE
  const { bytes, why = '' } = snapshot
  if (bytes.byteLength > 0) return ''
  return `its socket cannot be rebuilt elsewhere${why === '' ? '' : ` (${why})`}`
}

function endsOf({ local, remote }: Ends): { readonly from: Endpoint; readonly to: Endpoint } {
  return { from: local, to: remote }
}
