/**
 * What `sync` says over a control link. All integers little-endian; texts are UTF-8 behind their length as u16.
 *
 *   packet         version u8 (1) ‖ messages
 *   message        kind u8 ‖ length u32 ‖ body
 *
 *   1 summary      fingerprint of the registry 8 ‖ fingerprint of the facts 8
 *   2 digest       flags u8 (1: answer with yours) ‖ after ‖ up to ‖ count u32 ‖ count × (name ‖ fingerprint 8)
 *   3 entries      count u32 ‖ count × (length u32 ‖ entry, see registry-codec)
 *   4 fact digest  flags u8 (1: answer with yours) ‖ count u32 ‖ count × (node 16 ‖ boot u32 ‖ version u64)
 *   5 facts        count u32 ‖ count × (node 16 ‖ boot u32 ‖ version u64 ‖ length u32 ‖ bytes)
 *
 * A reader skips kinds that it does not know, and whatever follows the fields that it knows. What is longer than
 * `SYNC_PACKET_BYTES_MAX` goes in several packets, each complete in itself: any part of the news is news.
 */
import { unreachable } from '../base/assert.js'
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { NODE_ID_BYTES } from '../base/ids.js'
import type { Entry } from './entry.js'
import { FACT_BYTES_MAX, type Fact, type FactVersion } from './facts.js'
import type { Digest } from './registry.js'
import { encodeEntry, FINGERPRINT_BYTES, NAME_BYTES_MAX, readEntry } from './registry-codec.js'

export const SYNC_VERSION = 1
export const SYNC_PACKET_BYTES_MAX = 262_144
/** With names of full length a digest of so many rows takes 140 KiB. */
export const DIGEST_ROWS_MAX = 1_024

export type SyncMessage =
  /** "This is what I hold; if you hold anything else, let us compare." */
  | { readonly kind: 'summary'; readonly registry: string; readonly facts: string }
  /** `answer`: send me your digest of that range too, I may lack something. */
  | { readonly kind: 'digest'; readonly answer: boolean; readonly digest: Digest }
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  | { readonly kind: 'fact-digest'; readonly answer: boolean; readonly versions: readonly FactVersion[] }
  | { readonly kind: 'facts'; readonly facts: readonly Fact[] }

const KINDS = { summary: 1, digest: 2, entries: 3, 'fact-digest': 4, facts: 5 } as const
const ANSWER = 1
const OVERHEAD_BYTES = 1 + 1 + 4 + 4
const FACT_HEADER_BYTES = NODE_ID_BYTES + 4 + 8 + 4

export type DecodedSync =
  | { readonly type: 'messages'; readonly messages: readonly SyncMessage[]; readonly skipped: number }
  | { readonly type: 'malformed'; readonly why: string }

/** The message as packets of at most `SYNC_PACKET_BYTES_MAX`; none for an empty list of entries or facts. */
export function encodeSync(message: SyncMessage): Uint8Array[] {
  switch (message.kind) {
    case 'summary':
      return [packet(message.kind, (writer) => writer.hex(message.registry).hex(message.facts))]
    case 'digest':
      return [packet(message.kind, (writer) => writeDigest(writer, message.answer, message.digest))]
    case 'fact-digest':
      return [packet(message.kind, (writer) => writeFactDigest(writer, message.answer, message.versions))]
    case 'entries':
      return packetsOf(message.kind, message.entries.map(framedEntry))
    case 'facts':
      return packetsOf(message.kind, message.facts.map(encodeFact))
    default:
      return unreachable(message)
  }
}

/** Total: every byte string has an answer, and none of them is an exception. Facts are views of `bytes`. */
export function decodeSync(bytes: Uint8Array): DecodedSync {
  if (bytes.byteLength > SYNC_PACKET_BYTES_MAX) {
    return { type: 'malformed', why: `packet of ${bytes.byteLength} bytes exceeds ${SYNC_PACKET_BYTES_MAX}` }
  }
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version !== SYNC_VERSION) return { type: 'malformed', why: `packet version ${version}, not ${SYNC_VERSION}` }
  const messages: SyncMessage[] = []
  let skipped = 0
  while (!reader.failed && reader.remaining > 0) {
    const kind = reader.u8()
    const body = new ByteReader(reader.take(reader.u32()))
    const message = reader.failed ? undefined : readMessage(kind, body)
    if (body.failed) return { type: 'malformed', why: `message of kind ${kind} is malformed` }
    if (message === undefined) skipped++
    else messages.push(message)
  }
  if (reader.failed) return { type: 'malformed', why: `packet ends early, after ${messages.length} messages` }
  return { type: 'messages', messages, skipped }
}

/** `undefined` for an unknown kind. A malformed body shows in `reader.failed`. */
function readMessage(kind: number, reader: ByteReader): SyncMessage | undefined {
  switch (kind) {
    case KINDS.summary:
      return { kind: 'summary', registry: reader.hex(FINGERPRINT_BYTES), facts: reader.hex(FINGERPRINT_BYTES) }
    case KINDS.digest:
      return { kind: 'digest', answer: (reader.u8() & ANSWER) !== 0, digest: readDigest(reader) }
    case KINDS.entries:
      return { kind: 'entries', entries: readList(reader, readFramedEntry) }
    case KINDS['fact-digest']:
      return {
        kind: 'fact-digest',
        answer: (reader.u8() & ANSWER) !== 0,
        versions: readList(reader, readFactVersion),
      }
    case KINDS.facts:
      return { kind: 'facts', facts: readList(reader, readFact) }
    default:
      return undefined
  }
}

function writeDigest(writer: ByteWriter, answer: boolean, { after, upTo, prints }: Digest): void {
  writer
    .u8(answer ? ANSWER : 0)
    .text(after)
    .text(upTo)
    .u32(prints.size)
  for (const [name, print] of prints) writer.text(name).hex(print)
}

function readDigest(reader: ByteReader): Digest {
  const after = reader.text(NAME_BYTES_MAX)
  const upTo = reader.text(NAME_BYTES_MAX)
  const row = (): [string, string] => [reader.text(NAME_BYTES_MAX), reader.hex(FINGERPRINT_BYTES)]
  return { after, upTo, prints: new Map(readList(reader, row)) }
}

function writeFactDigest(writer: ByteWriter, answer: boolean, versions: readonly FactVersion[]): void {
  writer.u8(answer ? ANSWER : 0).u32(versions.length)
  for (const { node, boot, version } of versions) writer.hex(node).u32(boot).u64(version)
}

function framedEntry(entry: Entry): Uint8Array {
  const encoded = encodeEntry(entry)
  return new ByteWriter(4 + encoded.byteLength).u32(encoded.byteLength).put(encoded).finish()
}

function readFramedEntry(reader: ByteReader): Entry {
  const body = new ByteReader(reader.take(reader.u32()))
  const entry = readEntry(body)
  if (body.failed) reader.fail()
  return entry
}

function encodeFact({ node, boot, version, bytes }: Fact): Uint8Array {
  const writer = new ByteWriter(FACT_HEADER_BYTES + bytes.byteLength)
  return writer.hex(node).u32(boot).u64(version).u32(bytes.byteLength).put(bytes).finish()
}

function readFact(reader: ByteReader): Fact {
  const version = readFactVersion(reader)
  const length = reader.u32()
  if (length > FACT_BYTES_MAX) reader.fail()
  return { ...version, bytes: reader.take(length) }
}

function readFactVersion(reader: ByteReader): FactVersion {
  return { node: reader.hex(NODE_ID_BYTES), boot: reader.u32(), version: reader.u64() }
}

/** A list that its count (u32) precedes. Ends at the first thing that is not there, so a huge count costs nothing. */
function readList<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const items: T[] = []
  const count = reader.u32()
  for (let i = 0; i < count && !reader.failed; i++) items.push(read(reader))
  return items
}

function packetsOf(kind: 'entries' | 'facts', items: readonly Uint8Array[]): Uint8Array[] {
  return chunksOf(items).map((chunk) =>
    packet(kind, (writer) => {
      writer.u32(chunk.length)
      for (const item of chunk) writer.put(item)
    }),
  )
}

/** No item is longer than a packet: the registry and the facts bound them at half of one. */
function chunksOf(items: readonly Uint8Array[]): Uint8Array[][] {
  const chunks: Uint8Array[][] = []
  let room = 0
  for (const item of items) {
    const chunk = chunks.at(-1)
    if (chunk !== undefined && item.byteLength <= room) {
      chunk.push(item)
      room -= item.byteLength
      continue
    }
    chunks.push([item])
    room = SYNC_PACKET_BYTES_MAX - OVERHEAD_BYTES - item.byteLength
  }
  return chunks
}

function packet(kind: SyncMessage['kind'], write: (writer: ByteWriter) => void): Uint8Array {
  const body = new ByteWriter()
  write(body)
  const bytes = body.finish()
  const header = new ByteWriter(6 + bytes.byteLength).u8(SYNC_VERSION).u8(KINDS[kind]).u32(bytes.byteLength)
  return header.put(bytes).finish()
}
