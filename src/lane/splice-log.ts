/** What the log has of a client's connection. */
import { formatEndpoint } from '../base/address.js'
import { formatSpliceId } from '../base/ids.js'
import type { ClientHalf } from '../proxy/client-half.js'
import type { Reason } from '../proxy/reasons.js'
import { isLogged, type LaneContext, logFrom } from './lane-context.js'

export function logEnded(
  context: LaneContext,
  service: string,
  client: ClientHalf,
  reason: Reason | undefined,
  detail: string,
): void {
  if (!isLogged(context, 'debug')) return
  logFrom(context, 'debug', 'splice-ended', {
    splice: formatSpliceId(client.id),
    service,
    client: formatEndpoint(client.client),
    reason: reason ?? 'ended',
    detail,
    up: client.half.sent,
    down: client.half.received,
    ms: Math.round(context.clock.now() - client.startedAt),
  })
}

/** Whom nobody will go on with: no other node knows of them. */
export function logUnserved(context: LaneContext, service: string, all: Iterable<ClientHalf>): void {
  let clients = 0
  for (const client of all) if (client.isUnserved) clients++
  if (clients > 0) logFrom(context, 'warn', 'unserved-lost', { service, clients })
}
