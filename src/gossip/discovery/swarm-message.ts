/**
 * What two nodes say to each other on a connection of the swarm, each message one write:
 *
 *   PROOF 1          proofs: 32 bytes for each key of the sender's keyring, 1 to 8 of them
 *   INTRODUCTION 2   node 16 ‖ boot u32 ‖ gossip ‖ control; an endpoint is port u16 ‖ length u8 (4 or 16) ‖ address
 *   CARRY 3          what follows is a control link, whose dialler the sender is
 *
 * Nobody says more than PROOF to a peer that has not proven itself. Bytes behind the known ones are those of a later release.
 */
import { type Endpoint, formatIp, isPort, parseIp } from '../../base/address.js'
import { assert } from '../../base/assert.js'
import { ByteReader, ByteWriter } from '../../base/bytes.js'
import { NODE_ID_BYTES, type NodeId } from '../../base/ids.js'

export const PROOF_BYTES = 32
/** As many as a keyring has keys. */
export const PROOFS_MAX = 8

/** Who a node is, and where it is to be reached, in its own words. */
export interface SwarmIntroduction {
  readonly node: NodeId
  readonly boot: number
  readonly gossip: Endpoint
  readonly control: Endpoint
}

export type SwarmMessage =
  | { readonly kind: 'proof'; readonly proofs: readonly Uint8Array[] }
  | { readonly kind: 'introduction'; readonly introduction: SwarmIntroduction }
  | { readonly kind: 'carry' }

const KINDS = { proof: 1, introduction: 2, carry: 3 } as const

export function encodeSwarmMessage(message: SwarmMessage): Uint8Array {
  const writer = new ByteWriter(160).u8(KINDS[message.kind])
  if (message.kind === 'proof') for (const proof of message.proofs) writer.put(proof)
  if (message.kind === 'introduction') {
    const { node, boot, gossip, control } = message.introduction
    writer.hex(node).u32(boot)
    for (const endpoint of [gossip, control]) writeEndpoint(writer, endpoint)
  }
  return writer.finish()
}

/** Total. `undefined`: no such message. What it answers is a copy. */
export function decodeSwarmMessage(bytes: Uint8Array): SwarmMessage | undefined {
  const reader = new ByteReader(bytes)
  switch (reader.u8()) {
    case KINDS.proof:
      return readProofs(reader)
    case KINDS.introduction: {
      const node = reader.hex(NODE_ID_BYTES)
      const boot = reader.u32()
      const [gossip, control] = [readEndpoint(reader), readEndpoint(reader)]
      if (reader.failed || boot === 0 || gossip === undefined || control === undefined) return undefined
      return { kind: 'introduction', introduction: { node, boot, gossip, control } }
    }
    case KINDS.carry:
      return { kind: 'carry' }
    default:
      return undefined
  }
}

function readProofs(reader: ByteReader): SwarmMessage | undefined {
  const proofs: Uint8Array[] = []
  while (reader.remaining >= PROOF_BYTES && proofs.length < PROOFS_MAX) proofs.push(reader.take(PROOF_BYTES).slice())
  return proofs.length === 0 ? undefined : { kind: 'proof', proofs }
}

function writeEndpoint(writer: ByteWriter, { address, port }: Endpoint): void {
  const ip = parseIp(address)
  assert(ip !== undefined, 'an endpoint of ours has an IP address')
  writer.u16(port).u8(ip.byteLength).put(ip)
}

function readEndpoint(reader: ByteReader): Endpoint | undefined {
  const port = reader.u16()
  const ip = reader.take(reader.u8())
  if (reader.failed || !isPort(port) || (ip.byteLength !== 4 && ip.byteLength !== 16)) return undefined
  return { address: formatIp(ip), port }
}
