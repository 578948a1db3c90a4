/**
 * What a PROXY protocol header says (haproxy's doc/proxy-protocol.txt, sections 2.1 and 2.2), in either version. There is
 * no field for the address family: it is the addresses' own, and two IPv4-mapped IPv6 addresses are the IPv4 addresses.
 */
import type { Endpoint } from '../../base/address.js'
import type { Tlv } from './tlv.js'

/** `source` is `undefined` in all but the last. */
export type ProxyHeader = LocalHeader | UnknownHeader | ProxiedHeader

/** The sender speaks for itself, such as in a health check: the connection's own addresses count. */
export interface LocalHeader {
  readonly command: 'local'
  readonly source?: undefined
}

/** Relayed, from an address that the sender cannot say, or a UNIX socket (whose path we skip). */
export interface UnknownHeader {
  readonly command: 'proxy'
  readonly transport: 'unknown'
  readonly source?: undefined
  readonly tlvs: readonly Tlv[]
}

export interface ProxiedHeader {
  readonly command: 'proxy'
  readonly transport: 'stream' | 'datagram'
  /** The client. Port 0 is legal. */
  readonly source: Endpoint
  /** Where the client connected to. */
  readonly destination: Endpoint
  /** Version 2 only. Without CRC32C and NOOP, which are the codec's own business. */
  readonly tlvs: readonly Tlv[]
}

/** The answer of both decoders to the bytes that a connection has brought so far. */
export type DecodedHeader =
  | { readonly type: 'header'; readonly header: ProxyHeader; readonly bytesUsed: number }
  /** At least so many bytes are missing; they may show that more are. */
  | { readonly type: 'need-more'; readonly bytesMissing: number }
  /** No PROXY header, or a damaged one. The specification wants the connection to be dropped. */
  | { readonly type: 'malformed'; readonly why: string }
