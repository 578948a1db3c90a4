/** What a proxy in front has said of a connection, before the client's first byte. */
import type { Endpoint } from '../base/address.js'
import type { Tlv } from './proxy-protocol/tlv.js'

export interface Introduction {
  /** The client, and where it connected to: of a connection that the proxy made for itself, the connection's own ends. */
  readonly source: Endpoint
  readonly destination: Endpoint
  /** As `ProxiedHeader` has them. */
  readonly tlvs: readonly Tlv[]
  /** Of the header. They are no bytes of the stream: all offsets begin after it. */
  readonly bytes: number
}

/** Who comes by a proxy at `proxy`; `undefined`: nobody else. */
export function sourceBehind(proxy: Endpoint, introduction: Introduction | undefined): Endpoint | undefined {
  const source = introduction?.source
  return source?.address === proxy.address && source.port === proxy.port ? undefined : source
}
