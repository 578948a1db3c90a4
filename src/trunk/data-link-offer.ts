/**
 * How two nodes agree on a data link, on the trunk channel of their control link.
 *
 *   message   kind u8 ‖ fields (tag u8 ‖ length u16 ‖ value)
 *   OFFER 1   1 link id 16 · 2 key of the offerer's direction 32 · 3 key of the other direction 32 · 6 pair u16 · 8 suites u8 …
 *   ACCEPT 2  1 link id · 4 data endpoint: port u16 ‖ address 4 or 16 · 7 lanes u16 · 9 suite u8
 *   REFUSE 3  1 link id · 5 reason, UTF-8, at most 200 bytes
 *
 * The offerer makes a fresh link id and keys, and dials the endpoint of the ACCEPT. Keys serve one connection. `pair` says
 * which of the links between two nodes it is, `lanes` how many lanes the accepter has; without them 0 and 1 are meant. The
 * accepter chooses a suite among those of the OFFER; without these fields it is secretstream.
 */
import { type Endpoint, formatIp, isPort, parseIp } from '../base/address.js'
import { assert } from '../base/assert.js'
import { ByteReader, ByteWriter, fromUtf8, utf8 } from '../base/bytes.js'
import { type Fields, fieldReader, readFields, writeField } from './fields.js'
import { LINK_ID_BYTES } from './link-preamble.js'
import { SUITES, type Suite, suiteOf, suitesOf } from './suites.js'

export const LINK_KEY_BYTES = 32
const REASON_BYTES_MAX = 200

const KINDS = { offer: 1, accept: 2, refuse: 3 } as const
const TAGS = {
  linkId: 1,
  keyOfOfferer: 2,
  keyOfAccepter: 3,
  endpoint: 4,
  reason: 5,
  pair: 6,
  lanes: 7,
  suites: 8,
  suite: 9,
} as const

const DEFAULT_SUITES = Uint8Array.of(SUITES.secretstream)

export type DataLinkMessage =
  | {
      readonly kind: 'offer'
      readonly linkId: Uint8Array
      /** Seals what the offerer sends. */
      readonly keyOfOfferer: Uint8Array
      /** Seals what the accepter sends. */
      readonly keyOfAccepter: Uint8Array
      readonly pair: number
      readonly suites: readonly Suite[]
    }
  | {
      readonly kind: 'accept'
      readonly linkId: Uint8Array
      readonly at: Endpoint
      readonly lanes: number
      readonly suite: Suite
    }
  | { readonly kind: 'refuse'; readonly linkId: Uint8Array; readonly reason: string }

export type DecodedDataLinkMessage =
  | { readonly type: 'message'; readonly message: DataLinkMessage }
  /** A kind of a later release: skip it. */
  | { readonly type: 'unknown'; readonly kind: number }
  | { readonly type: 'malformed'; readonly why: string }

export function encodeDataLinkMessage(message: DataLinkMessage): Uint8Array {
  const writer = new ByteWriter(128).u8(KINDS[message.kind])
  writeField(writer, TAGS.linkId, message.linkId)
  switch (message.kind) {
    case 'offer':
      writeField(writer, TAGS.keyOfOfferer, message.keyOfOfferer)
      writeField(writer, TAGS.keyOfAccepter, message.keyOfAccepter)
      if (message.pair !== 0) writeField(writer, TAGS.pair, u16Bytes(message.pair))
      if (message.suites.length > 1)
        writeField(
          writer,
          TAGS.suites,
          Uint8Array.from(message.suites, (suite) => SUITES[suite]),
        )
      break
    case 'accept':
      writeField(writer, TAGS.endpoint, encodeEndpoint(message.at))
      if (message.lanes !== 1) writeField(writer, TAGS.lanes, u16Bytes(message.lanes))
      if (message.suite !== 'secretstream') writeField(writer, TAGS.suite, Uint8Array.of(SUITES[message.suite]))
      break
    case 'refuse':
      writeField(writer, TAGS.reason, utf8(message.reason).slice(0, REASON_BYTES_MAX))
      break
  }
  return writer.finish()
}

/** Total. What it answers is a copy. */
export function decodeDataLinkMessage(bytes: Uint8Array): DecodedDataLinkMessage {
  const reader = new ByteReader(bytes.slice())
  const kind = reader.u8()
  const fields = readFields(reader)
  if (fields === undefined) return { type: 'malformed', why: 'fields of a data link message are cut off or doubled' }
  const linkId = exactly(fields, TAGS.linkId, LINK_ID_BYTES)
  if (linkId === undefined) return { type: 'malformed', why: `data link message ${kind} without a link id` }
  switch (kind) {
    case KINDS.offer: {
      const keyOfOfferer = exactly(fields, TAGS.keyOfOfferer, LINK_KEY_BYTES)
      const keyOfAccepter = exactly(fields, TAGS.keyOfAccepter, LINK_KEY_BYTES)
      if (keyOfOfferer === undefined || keyOfAccepter === undefined) {
        return { type: 'malformed', why: 'OFFER of a data link without keys' }
      }
      const pair = u16Of(fields, TAGS.pair, 0)
      const suites = suitesOf(fields.get(TAGS.suites) ?? DEFAULT_SUITES)
      return { type: 'message', message: { kind: 'offer', linkId, keyOfOfferer, keyOfAccepter, pair, suites } }
    }
    case KINDS.accept: {
      const at = decodeEndpoint(fieldReader(fields, TAGS.endpoint))
      if (at === undefined) return { type: 'malformed', why: 'ACCEPT of a data link without an endpoint' }
      const suite = suiteOf((fields.get(TAGS.suite) ?? DEFAULT_SUITES)[0] ?? 0)
      if (suite === undefined) return { type: 'malformed', why: 'ACCEPT with a suite that this release does not know' }
      const lanes = u16Of(fields, TAGS.lanes, 1)
      return { type: 'message', message: { kind: 'accept', linkId, at, lanes, suite } }
    }
    case KINDS.refuse: {
      const reason = fromUtf8((fields.get(TAGS.reason) ?? new Uint8Array(0)).subarray(0, REASON_BYTES_MAX))
      return { type: 'message', message: { kind: 'refuse', linkId, reason } }
    }
    default:
      return { type: 'unknown', kind }
  }
}

function u16Bytes(value: number): Uint8Array {
  return new ByteWriter(2).u16(value).finish()
}

function u16Of(fields: Fields, tag: number, absent: number): number {
  const reader = fieldReader(fields, tag)
  const value = reader.u16()
  return reader.failed ? absent : value
}

function exactly(fields: Fields, tag: number, length: number): Uint8Array | undefined {
  const value = fields.get(tag)
  return value?.byteLength === length ? value : undefined
}

function encodeEndpoint({ address, port }: Endpoint): Uint8Array {
  const ip = parseIp(address)
  assert(ip !== undefined, 'an endpoint of ours has an IP address')
  return new ByteWriter(18).u16(port).put(ip).finish()
}

function decodeEndpoint(reader: ByteReader): Endpoint | undefined {
  const port = reader.u16()
  const ip = reader.rest()
  if (reader.failed || !isPort(port) || (ip.byteLength !== 4 && ip.byteLength !== 16)) return undefined
  return { port, address: formatIp(ip) }
}
