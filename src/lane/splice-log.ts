/** What the log has of a client's connection. */
import { formatEndpoint } from '../base/address.js'
import { formatSpliceId } from '../base/ids.js'
import type { ClientHalf } from '../proxy/client-half.js'
import { TLV, tlvText } from '../proxy/proxy-protocol/tlv.js'
import type { Reason } from '../proxy/reasons.js'
import { isLogged, type LaneContext, logFrom } from './lane-context.js'

export function logEnded(
  context: LaneContext,
  service: string,
  client: ClientHalf,
  reason: Reason | undefined,
  detail: string,
): void {
  context.records?.ended(client, reason, detail)
  if (!isLogged(context, 'debug')) return
  const { source, introduction } = client
  const uniqueId = tlvText(introduction?.tlvs ?? [], TLV.uniqueId)
  logFrom(context, 'debug', 'splice-ended', {
    // What the backend has as UNIQUE_ID, unless a proxy in front has given the connection one before.
    splice: formatSpliceId(client.id),
    service,
    client: formatEndpoint(source ?? client.client),
    ...(source && { via: formatEndpoint(client.client) }),
    ...(uniqueId !== undefined && { uniqueId }),
    reason: reason ?? 'ended',
    detail,
    up: client.half.sent,
    down: client.half.received,
    ms: Math.round(context.clock.now() - client.startedAt),
  })
}

/** One node could not serve it; another is asked. */
export function logRetried(
  context: LaneContext,
  { id, service }: ClientHalf,
  tried: { readonly node: string; readonly reason: Reason; readonly detail: string },
): void {
  logFrom(context, 'debug', 'backend-refused', { splice: formatSpliceId(id), service: service.name, ...tried })
}

export function logIncident(context: LaneContext, { id, service }: ClientHalf, what: string): void {
  logFrom(context, 'error', 'splice-incident', { splice: formatSpliceId(id), service: service.name, what })
}

/** Whom nobody will go on with: no other node knows of them. */
export function logUnserved(context: LaneContext, service: string, all: Iterable<ClientHalf>): void {
  let clients = 0
  for (const client of all) if (client.isUnserved) clients++
  if (clients > 0) logFrom(context, 'warn', 'unserved-lost', { service, clients })
}
