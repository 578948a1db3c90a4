/**
 * The first messages of a control link, inside the Noise channel and before any other.
 *
 *   message     magic 'BTN' ‖ kind u8 ‖ fields (tag u8 ‖ length u16 ‖ value)
 *   HELLO 1     1 versions: lowest u16, highest u16 · 2 features u32 · 3 node 16 · 4 boot u32 · 5 name, UTF-8, ≤ 63
 *               6 proofs: 32 for each key of the sender's keyring, 1 to 8 of them · 8 release, UTF-8, ≤ 63
 *   WELCOME 2   the other's HELLO is accepted
 *   REFUSED 3   7 close code u16
 *
 *   initiator   HELLO →            ← HELLO, WELCOME           WELCOME →           any message
 *
 * The responder says who it is only to a proven peer. A proof is BLAKE2b, keyed with the key 'control proof 1' of the
 * cluster key, of role ‖ handshake hash ‖ the sender's static key: it cannot be used on another connection, nor be
 * sent back to its sender. Who has WELCOME may send long messages, for the other has raised its limit before.
 */
import { assert } from '../base/assert.js'
import { ByteReader, ByteWriter, fromUtf8, utf8 } from '../base/bytes.js'
import { NODE_ID_BYTES, type NodeId } from '../base/ids.js'
import { type CloseCode, closeCodeOf, closeNumber } from './close-code.js'
import { type Fields, fieldReader, readFields, writeField } from './fields.js'
import type { LinkRole } from './ports.js'

/** What this release speaks. N works with N − 1: a version is dropped two releases after its successor came. */
export const CONTROL_VERSIONS: VersionRange = { lowest: 1, highest: 1 }
export const FEATURES = {
  /** Data links are made by whoever dialled the control link. */
  diallerOffers: 1,
} as const
export const CONTROL_FEATURES = FEATURES.diallerOffers

export const PROOF_BYTES = 32
/** A release before rotations reads the first four. */
export const PROOFS_MAX = 8
const NAME_BYTES_MAX = 63
/** As a node name. */
const RELEASE_BYTES_MAX = 63

const MAGIC = utf8('BTN')
const KINDS = { hello: 1, welcome: 2, refused: 3 } as const
const TAGS = { versions: 1, features: 2, node: 3, boot: 4, name: 5, proofs: 6, code: 7, release: 8 } as const

export interface VersionRange {
  readonly lowest: number
  readonly highest: number
}

export interface Hello {
  readonly kind: 'hello'
  readonly versions: VersionRange
  readonly features: number
  readonly node: NodeId
  readonly boot: number
  readonly name: string
  /** For people; releases before 0.2 do not say. */
  readonly release?: string | undefined
  readonly proofs: readonly Uint8Array[]
}

export type Greeting = Hello | { readonly kind: 'welcome' } | { readonly kind: 'refused'; readonly code: CloseCode }

export type DecodedGreeting =
  | { readonly type: 'greeting'; readonly greeting: Greeting }
  | { readonly type: 'malformed'; readonly why: string }

export function encodeGreeting(greeting: Greeting): Uint8Array {
  const writer = new ByteWriter(256).put(MAGIC).u8(KINDS[greeting.kind])
  if (greeting.kind === 'hello') writeHello(writer, greeting)
  if (greeting.kind === 'refused') {
    writeField(writer, TAGS.code, new ByteWriter(2).u16(closeNumber(greeting.code)).finish())
  }
  return writer.finish()
}

/** Total. */
export function decodeGreeting(bytes: Uint8Array): DecodedGreeting {
  const reader = new ByteReader(bytes)
  const magic = reader.take(MAGIC.byteLength)
  const kind = reader.u8()
  if (reader.failed || MAGIC.some((byte, i) => magic[i] !== byte)) return malformed('not a greeting of Baton')
  const fields = readFields(reader)
  if (fields === undefined) return malformed('fields of a greeting are cut off or doubled')
  switch (kind) {
    case KINDS.hello:
      return readHello(fields)
    case KINDS.welcome:
      return { type: 'greeting', greeting: { kind: 'welcome' } }
    case KINDS.refused:
      return {
        type: 'greeting',
        greeting: { kind: 'refused', code: closeCodeOf(fieldReader(fields, TAGS.code).u16()) },
      }
    default:
      return malformed(`a greeting of kind ${kind}`)
  }
}

export type Negotiated =
  | { readonly type: 'version'; readonly version: number }
  /** Says which of the two must be upgraded. */
  | { readonly type: 'none'; readonly why: string }

/** The highest version that both speak. `theirRelease`: of Baton, in words. */
export function negotiate(ours: VersionRange, theirs: VersionRange, theirName: string, theirRelease = ''): Negotiated {
  const version = Math.min(ours.highest, theirs.highest)
  if (version >= Math.max(ours.lowest, theirs.lowest)) return { type: 'version', version }
  const behind = theirs.highest < ours.lowest ? theirName : 'this node'
  const who = theirRelease === '' ? theirName : `${theirName} (Baton ${theirRelease})`
  const why = `${who} speaks ${formatRange(theirs)}, this node ${formatRange(ours)}; upgrade ${behind}`
  return { type: 'none', why }
}

/** What a proof is a MAC of. */
export function proofInput(role: LinkRole, handshakeHash: Uint8Array, publicKey: Uint8Array): Uint8Array {
  return new ByteWriter(128)
    .u8(role === 'initiator' ? 0 : 1)
    .put(handshakeHash)
    .put(publicKey)
    .finish()
}

/** All problems of a name that is to be shown to others; empty when it can be used. */
export function checkNodeName(name: string): string[] {
  const problems: string[] = []
  if (name === '') problems.push('a node name is empty')
  if (utf8(name).byteLength > NAME_BYTES_MAX) problems.push(`a node name is longer than ${NAME_BYTES_MAX} bytes`)
  // It is printed on terminals and in logs of other hosts.
  if (/\p{C}/u.test(name)) problems.push('a node name has a control character')
  return problems
}

function writeHello(writer: ByteWriter, hello: Hello): void {
  const { versions, proofs } = hello
  assert(proofs.length >= 1 && proofs.length <= PROOFS_MAX, `a HELLO carries 1 to ${PROOFS_MAX} proofs`)
  writeField(writer, TAGS.versions, new ByteWriter(4).u16(versions.lowest).u16(versions.highest).finish())
  writeField(writer, TAGS.features, new ByteWriter(4).u32(hello.features).finish())
  writeField(writer, TAGS.node, new ByteWriter(NODE_ID_BYTES).hex(hello.node).finish())
  writeField(writer, TAGS.boot, new ByteWriter(4).u32(hello.boot).finish())
  writeField(writer, TAGS.name, utf8(hello.name))
  if (hello.release) writeField(writer, TAGS.release, utf8(hello.release))
  const all = new ByteWriter(PROOFS_MAX * PROOF_BYTES)
  for (const proof of proofs) all.put(proof)
  writeField(writer, TAGS.proofs, all.finish())
}

function readHello(fields: Fields): DecodedGreeting {
  const versions = fieldReader(fields, TAGS.versions)
  const [lowest, highest] = [versions.u16(), versions.u16()]
  const features = fieldReader(fields, TAGS.features)
  const node = fieldReader(fields, TAGS.node)
  const boot = fieldReader(fields, TAGS.boot)
  const name = fromUtf8(fields.get(TAGS.name) ?? new Uint8Array(0))
  const release = readRelease(fields.get(TAGS.release))
  const proofs = splitProofs(fieldReader(fields, TAGS.proofs))
  const hello: Hello = {
    kind: 'hello',
    versions: { lowest, highest },
    features: features.u32(),
    node: node.hex(NODE_ID_BYTES),
    boot: boot.u32(),
    name,
    ...(release !== '' && { release }),
    proofs,
  }
  if (versions.failed || features.failed || node.failed || boot.failed) return malformed('a HELLO lacks a field')
  if (lowest > highest || hello.boot === 0) return malformed('a HELLO has an impossible version range or boot')
  const problem = checkNodeName(name)[0]
  return problem === undefined ? { type: 'greeting', greeting: hello } : malformed(problem)
}

/** One that cannot be shown is none: nothing depends on it. */
function readRelease(bytes: Uint8Array | undefined): string {
  if (bytes === undefined || bytes.byteLength > RELEASE_BYTES_MAX) return ''
  const release = fromUtf8(bytes)
  return /\p{C}/u.test(release) ? '' : release
}

/** No proof at all is a wrong one, not a malformed HELLO; more than the limit are not looked at. */
function splitProofs(reader: ByteReader): Uint8Array[] {
  const proofs: Uint8Array[] = []
  while (reader.remaining >= PROOF_BYTES && proofs.length < PROOFS_MAX) proofs.push(reader.take(PROOF_BYTES))
  return proofs
}

function formatRange({ lowest, highest }: VersionRange): string {
  return lowest === highest ? `version ${lowest}` : `versions ${lowest} to ${highest}`
}

function malformed(why: string): DecodedGreeting {
  return { type: 'malformed', why }
}
