/**
 * What two nodes say to each other about a planned move, on the control link's channel for it (docs/wire-trunk.md). `contest` is what
 * one lease is for. A kind that is not known is passed over.
 *
 *     kind u8 | contest text | the rest
 */
import { ByteReader, ByteWriter } from '../base/bytes.js'

export type HandoffMessage =
  /** Can you take it? The answer is `ready`. */
  | { readonly kind: 'can-you'; readonly contest: string }
  /** `why`: what is in the way, as the rest of a sentence that begins with the node; empty: nothing. */
  | { readonly kind: 'ready'; readonly contest: string; readonly why: string }
  /** Came to the sender for the contest's address, and is the receiver's. */
  | { readonly kind: 'packets'; readonly contest: string; readonly packets: readonly Uint8Array[] }

const KINDS = { canYou: 1, ready: 2, packets: 3 } as const
const CONTEST_BYTES_MAX = 256
const WHY_BYTES_MAX = 1_024
/** Of the packets of one message: what else goes by the link is not to wait for long. */
export const PACKETS_BYTES_MAX = 128 * 1024

export function encodeHandoff(message: HandoffMessage): Uint8Array {
  const out = new ByteWriter(256)
  switch (message.kind) {
    case 'can-you':
      return out.u8(KINDS.canYou).text(message.contest).finish()
    case 'ready':
      return out.u8(KINDS.ready).text(message.contest).text(message.why).finish()
    case 'packets':
      out.u8(KINDS.packets).text(message.contest)
      for (const packet of message.packets) out.u32(packet.byteLength).put(packet)
      return out.finish()
  }
}

/** `undefined`: unknown, or malformed. */
export function decodeHandoff(bytes: Uint8Array): HandoffMessage | undefined {
  const r = new ByteReader(bytes)
  const [kind, contest] = [r.u8(), r.text(CONTEST_BYTES_MAX)]
  if (kind === KINDS.canYou) return r.failed ? undefined : { kind: 'can-you', contest }
  if (kind === KINDS.ready) {
    const why = r.text(WHY_BYTES_MAX)
    return r.failed ? undefined : { kind: 'ready', contest, why }
  }
  if (kind !== KINDS.packets) return undefined
  const packets: Uint8Array[] = []
  while (!r.failed && r.remaining > 0) packets.push(r.take(r.u32()))
  return r.failed ? undefined : { kind: 'packets', contest, packets }
}

/** Such that each share fits one message. */
export function* sharesOf(packets: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let share: Uint8Array[] = []
  let bytes = 0
  for (const packet of packets) {
    if (bytes + packet.byteLength > PACKETS_BYTES_MAX && share.length > 0) {
      yield share
      share = []
      bytes = 0
    }
    share.push(packet)
    bytes += packet.byteLength
  }
  if (share.length > 0) yield share
}
