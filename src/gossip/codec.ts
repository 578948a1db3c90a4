/**
 * Packets on the wire. All integers little-endian.
 *
 *   packet    version u8 (1) ‖ sender: node 16, boot u32 ‖ messages
 *   message   kind u8 ‖ length u16 ‖ body
 *
 * A reader skips kinds that it does not know and whatever follows the fields that it knows, so a later release may add
 * both. The version changes only if this framing itself does. Datagrams carry at most `PACKET_BYTES_MAX`; a control
 * link carries packets of up to `STREAM_PACKET_BYTES_MAX`.
 */
import { type Endpoint, formatIp, parseIp } from '../base/address.js'
import { assert, unreachable } from '../base/assert.js'
import { ByteReader, ByteWriter, utf8 } from '../base/bytes.js'
import { NODE_ID_BYTES } from '../base/ids.js'
import {
  type Claim,
  type Identity,
  type MemberProfile,
  type MemberState,
  type Message,
  NAME_BYTES_MAX,
  type Packet,
} from './messages.js'

export const PACKET_VERSION = 1
/** Sealed (41 bytes more) this makes a datagram of 1200 bytes, which passes every IPv6 path unfragmented. */
export const PACKET_BYTES_MAX = 1_159
/** The writer cuts full state at 16 KiB; a reader refuses more than four times that. */
export const STREAM_PACKET_BYTES_MAX = 65_536
export const PACKET_HEADER_BYTES = 1 + NODE_ID_BYTES + 4
const DIGEST_BYTES = 8
const NOBODY = '0'.repeat(2 * NODE_ID_BYTES)

const KINDS = { ping: 1, 'ping-req': 2, ack: 3, nack: 4, claim: 5, pull: 6 } as const
const STATES: readonly MemberState[] = ['alive', 'suspect', 'down', 'left']

export type DecodedPacket =
  | { readonly type: 'packet'; readonly packet: Packet; readonly skipped: number }
  | { readonly type: 'malformed'; readonly why: string }

export function encodePacket(sender: Identity, messages: readonly Uint8Array[]): Uint8Array {
  return joinPacket(packetHeader(sender), messages)
}

/** The same in all packets of a sender. */
export function packetHeader(sender: Identity): Uint8Array {
  const writer = new ByteWriter(PACKET_HEADER_BYTES).u8(PACKET_VERSION)
  writeIdentity(writer, sender)
  return writer.finish()
}

export function joinPacket(header: Uint8Array, messages: readonly Uint8Array[]): Uint8Array {
  const packet = new Uint8Array(header.byteLength + bytesOf(messages))
  packet.set(header)
  let at = header.byteLength
  for (const message of messages) {
    packet.set(message, at)
    at += message.byteLength
  }
  return packet
}

export function bytesOf(messages: readonly Uint8Array[]): number {
  let bytes = 0
  for (const message of messages) bytes += message.byteLength
  return bytes
}

/** Total: every byte string has an answer, and none of them is an exception. */
export function decodePacket(bytes: Uint8Array): DecodedPacket {
  if (bytes.byteLength > STREAM_PACKET_BYTES_MAX) {
    return { type: 'malformed', why: `packet of ${bytes.byteLength} bytes exceeds ${STREAM_PACKET_BYTES_MAX}` }
  }
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version !== PACKET_VERSION) return { type: 'malformed', why: `packet version ${version}, not ${PACKET_VERSION}` }
  const sender = readIdentity(reader)
  const messages: Message[] = []
  let skipped = 0
  while (!reader.failed && reader.remaining > 0) {
    const kind = reader.u8()
    const body = reader.part(reader.u16())
    const message = reader.failed ? undefined : readMessage(kind, body)
    if (body.failed) return { type: 'malformed', why: `message of kind ${kind} is malformed` }
    if (message === undefined) skipped++
    else messages.push(message)
  }
  if (reader.failed) return { type: 'malformed', why: `packet ends early, after ${messages.length} messages` }
  return { type: 'packet', packet: { sender, messages }, skipped }
}

/** One message with its frame. Own values only: a profile that cannot be encoded is a broken invariant. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter(message.kind === 'claim' ? 160 : 48).u8(KINDS[message.kind]).u16(0)
  writeBody(writer, message)
  return writer.patchU16(1, writer.length - 3).finish()
}

/** What the encoder needs of a profile, as problems in words. */
export function checkProfile(profile: MemberProfile): string[] {
  const problems: string[] = []
  if (utf8(profile.name).byteLength > NAME_BYTES_MAX) problems.push(`name is longer than ${NAME_BYTES_MAX} bytes`)
  if (!(profile.boot >= 1 && profile.boot < 2 ** 32)) problems.push(`boot ${profile.boot} is not in 1 … 2³² − 1`)
  for (const role of ['gossip', 'control', 'data'] as const) {
    if (parseIp(profile[role].address) === undefined)
      problems.push(`${role} address '${profile[role].address}' is no IP address`)
  }
  if (profile.gossip.port < 1) problems.push('gossip port is 0')
  return problems
}

function writeBody(writer: ByteWriter, message: Message): void {
  switch (message.kind) {
    case 'ping':
      writer.u32(message.seq)
      return writeIdentity(writer, message.target ?? { node: NOBODY, boot: 0 })
    case 'ping-req':
      writeIdentity(writer.u32(message.seq), message.target)
      return writeEndpoint(writer, message.at)
    case 'ack':
      return writeIdentity(writer.u32(message.seq), message.subject)
    case 'nack':
      writer.u32(message.seq)
      return
    case 'claim':
      return writeClaim(writer, message.claim)
    case 'pull':
      writer.hex(message.digest ?? '')
      return
    default:
      return unreachable(message)
  }
}

/** `undefined` for an unknown kind. A malformed body shows in `reader.failed`. */
function readMessage(kind: number, reader: ByteReader): Message | undefined {
  switch (kind) {
    case KINDS.ping: {
      const seq = reader.u32()
      const target = readIdentity(reader)
      return { kind: 'ping', seq, target: target.node === NOBODY ? undefined : target }
    }
    case KINDS['ping-req']:
      return { kind: 'ping-req', seq: reader.u32(), target: readIdentity(reader), at: readEndpoint(reader) }
    case KINDS.ack:
      return { kind: 'ack', seq: reader.u32(), subject: readIdentity(reader) }
    case KINDS.nack:
      return { kind: 'nack', seq: reader.u32() }
    case KINDS.claim:
      return { kind: 'claim', claim: readClaim(reader) }
    case KINDS.pull:
      return { kind: 'pull', digest: reader.remaining === 0 ? undefined : reader.hex(DIGEST_BYTES) }
    default:
      return undefined
  }
}

function writeIdentity(writer: ByteWriter, { node, boot }: Identity): void {
  writer.hex(node).u32(boot)
}

function readIdentity(reader: ByteReader): Identity {
  return { node: reader.hex(NODE_ID_BYTES), boot: reader.u32() }
}

/** Length of the address (4 or 16) u8 ‖ address ‖ port u16. */
function writeEndpoint(writer: ByteWriter, { address, port }: Endpoint): void {
  const bytes = parseIp(address)
  assert(bytes !== undefined, `an endpoint to be sent has an IP address, not '${address}'`)
  writer.u8(bytes.byteLength).put(bytes).u16(port)
}

function readEndpoint(reader: ByteReader): Endpoint {
  const length = reader.u8()
  if (length !== 4 && length !== 16) reader.fail()
  const address = reader.take(length)
  const port = reader.u16()
  return { address: reader.failed ? '' : formatIp(address), port }
}

/** state u8 ‖ incarnation u32 ‖ accuser 16 ‖ node 16 ‖ boot u32 ‖ flags u32 ‖ name ‖ gossip, control, data. */
function writeClaim(writer: ByteWriter, { profile, state, incarnation, accuser }: Claim): void {
  writer.u8(STATES.indexOf(state)).u32(incarnation).hex(accuser)
  writeIdentity(writer, profile)
  writer.u32(profile.flags).text(profile.name)
  for (const endpoint of [profile.gossip, profile.control, profile.data]) writeEndpoint(writer, endpoint)
}

function readClaim(reader: ByteReader): Claim {
  const state = STATES[reader.u8()]
  const incarnation = reader.u32()
  const accuser = reader.hex(NODE_ID_BYTES)
  const { node, boot } = readIdentity(reader)
  const flags = reader.u32()
  const name = readName(reader)
  const profile = {
    node,
    boot,
    name,
    gossip: readEndpoint(reader),
    control: readEndpoint(reader),
    data: readEndpoint(reader),
    flags,
  }
  if (state === undefined || boot === 0 || node === NOBODY || profile.gossip.port === 0) reader.fail()
  return { profile, state: state ?? 'alive', incarnation, accuser }
}

function readName(reader: ByteReader): string {
  const before = reader.remaining
  const name = reader.text(NAME_BYTES_MAX)
  const length = before - reader.remaining - 2
  // Bad UTF-8 would come back longer when we pass the claim on, and our own packet would then be refused.
  if (!reader.failed && utf8(name).byteLength !== length) reader.fail()
  return name
}
