import type { OpenRequest } from './client-half.js'
import { identityTlvs } from './proxy-protocol/tlv.js'
import { encodeProxyV2 } from './proxy-protocol/v2.js'

const NO_HEADER = new Uint8Array(0)

/** What the backend is told of the client before the client's first byte; empty where the service does not want it. */
export function proxyHeaderFor(request: OpenRequest, nodeName: string): Uint8Array {
  const { service, client: source, destination, id, term } = request
  // Whoever has asked for the connection knows whose it is.
  if (service.proxyProtocol === 'off' || request.call !== undefined) return NO_HEADER
  const tlvs = identityTlvs({ id, service: service.name, node: nodeName, term })
  return encodeProxyV2({ command: 'proxy', transport: 'stream', source, destination, tlvs })
}
