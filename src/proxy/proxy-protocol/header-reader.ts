/**
 * Reads the header that a connection has to begin with, of either version, from bytes that come in any pieces. Strict: the first
 * byte that cannot be a header's ends it, and nothing is guessed (haproxy's doc/proxy-protocol.txt, section 2: "The receiver MUST NOT
 * try to guess whether the protocol header is present").
 */
import { joined } from '../../base/bytes.js'
import type { DecodedHeader, ProxyHeader } from './header.js'
import { decodeProxyV1 } from './v1.js'
import { decodeProxyV2 } from './v2.js'

export type ReadHeader =
  /** `rest` is what follows the header, and the reader's own to give away. */
  | { readonly type: 'header'; readonly header: ProxyHeader; readonly bytes: number; readonly rest: Uint8Array }
  | { readonly type: 'more' }
  | { readonly type: 'malformed'; readonly why: string }

/** Of "PROXY ": the signature of version 2 begins with a CR. */
const P = 0x50
const NOTHING = new Uint8Array(0)

export class HeaderReader {
  #bytes: Uint8Array

  /** `bytes`: what another process has read of it so far. */
  constructor(bytes: Uint8Array = NOTHING) {
    this.#bytes = bytes
  }

  /** What has come so far; as much as a header may have, and a chunk at most. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** `chunk` is copied. Nothing is to be pushed after the first answer that is not `more`. */
  push(chunk: Uint8Array): ReadHeader {
    this.#bytes = joined(this.#bytes, chunk)
    const decoded = this.#decode()
    if (decoded.type === 'need-more') return { type: 'more' }
    if (decoded.type === 'malformed') return decoded
    const { header, bytesUsed } = decoded
    return { type: 'header', header, bytes: bytesUsed, rest: this.#bytes.subarray(bytesUsed) }
  }

  #decode(): DecodedHeader {
    if (this.#bytes.byteLength === 0) return { type: 'need-more', bytesMissing: 1 }
    return this.#bytes[0] === P ? decodeProxyV1(this.#bytes) : decodeProxyV2(this.#bytes)
  }
}
