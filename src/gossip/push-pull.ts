/**
 * Anti-entropy over control links (after memberlist's push-pull): when a link comes up, and now and then afterwards, one
 * sends a digest of what it holds, and where the other's differs they exchange everything. It repairs whatever gossip
 * lost, and joins the halves of a healed partition at once; between members that agree it costs 50 bytes, whatever n is.
 */
import type { NodeId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import { encodeMessage, encodePacket, PACKET_HEADER_BYTES } from './codec.js'
import type { Identity } from './messages.js'
import { sample } from './sample.js'

/** So that full state never holds up a lease renewal on the same link for long. */
const CHUNK_BYTES_MAX = 16_384

/** All claims in as many packets as it takes; the first asks for an answer if one is wanted. */
export function statePackets(sender: Identity, claims: readonly Uint8Array[], wantsAnswer: boolean): Uint8Array[] {
  const packets: Uint8Array[] = []
  let chunk: Uint8Array[] = wantsAnswer ? [encodeMessage({ kind: 'pull', digest: undefined })] : []
  let bytes = PACKET_HEADER_BYTES
  for (const claim of claims) {
    if (bytes + claim.byteLength > CHUNK_BYTES_MAX) {
      packets.push(encodePacket(sender, chunk))
      chunk = []
      bytes = PACKET_HEADER_BYTES
    }
    chunk.push(claim)
    bytes += claim.byteLength
  }
  packets.push(encodePacket(sender, chunk))
  return packets
}

/** The peers to which a control link is up. */
export class Links {
  readonly #up = new Set<NodeId>()

  up(peer: NodeId): void {
    this.#up.add(peer)
  }

  down(peer: NodeId): void {
    this.#up.delete(peer)
  }

  has(peer: NodeId): boolean {
    return this.#up.has(peer)
  }

  any(random: Prng): NodeId | undefined {
    return sample([...this.#up], 1, random)[0]
  }
}
