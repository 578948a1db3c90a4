import type { OpenRequest } from './client-half.js'
import { identityTlvs, passedOn } from './proxy-protocol/tlv.js'
import { encodeProxyV1 } from './proxy-protocol/v1.js'
import { CRC32C_TLV_BYTES, encodeProxyV2, RECEIVED_BYTES_MAX, SENT_BYTES_MAX } from './proxy-protocol/v2.js'

const NO_HEADER = new Uint8Array(0)
/** All that a proxy in front can have said, and our checksum. */
const PASSED_ON_BYTES_MAX = RECEIVED_BYTES_MAX + CRC32C_TLV_BYTES

/**
 * What the backend is told of the client before the client's first byte; empty where the service does not want it. What a proxy in front
 * has said is passed on whole, and our own as far as there is room: the header is longer than usual only if that alone makes it so.
 */
export function proxyHeaderFor(request: OpenRequest, nodeName: string): Uint8Array {
  const { service, client, introduction, id, term, sinceMs } = request
  // Whoever has asked for the connection knows whose it is.
  if (service.proxyProtocol === 'off' || request.call !== undefined) return NO_HEADER
  const { source, destination } = introduction ?? { source: client, destination: request.destination }
  const addresses = { command: 'proxy', transport: 'stream', source, destination } as const
  if (service.proxyProtocol === 'v1') return encodeProxyV1({ ...addresses, tlvs: [] })
  const identity = { id, service: service.name, node: nodeName, term, sinceMs }
  const front = passedOn(introduction?.tlvs ?? [])
  const least = front.length === 0 ? 0 : encodeProxyV2({ ...addresses, tlvs: front }, PASSED_ON_BYTES_MAX).byteLength
  return encodeProxyV2({ ...addresses, tlvs: identityTlvs(identity, front) }, Math.max(SENT_BYTES_MAX, least))
}
