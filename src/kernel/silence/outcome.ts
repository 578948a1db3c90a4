/** What a death sounded like: decided from what was seen on the network while a process like ours was killed. */

export type Silence =
  | { readonly type: 'silent' }
  /** FIN or RST left for clients: whoever is killed here is heard. */
  | { readonly type: 'heard'; readonly why: string }
  /** Nothing is known. */
  | { readonly type: 'untested'; readonly why: string }

/** Segments from the address that died. */
export interface Seen {
  readonly synAcks: number
  readonly ends: number
}

const FIN = 0x01
const SYN = 0x02
const RST = 0x04
const TCP = 6
const IPV4_BYTES_MIN = 20
const FLAGS_AT = 13

/** `synAck`, `end` or neither, of an IPv4 packet from the address `source`; whatever else it may be. */
export function kindOf(packet: Uint8Array, source: Uint8Array): 'synAck' | 'end' | undefined {
  const header = ((packet[0] ?? 0) & 15) * 4
  if ((packet[0] ?? 0) >> 4 !== 4 || header < IPV4_BYTES_MIN || packet[9] !== TCP) return undefined
  if (source.some((byte, i) => packet[12 + i] !== byte)) return undefined
  const flags = packet[header + FLAGS_AT] ?? 0
  if ((flags & (FIN | RST)) !== 0) return 'end'
  return (flags & SYN) !== 0 ? 'synAck' : undefined
}

/** `clients`: how many were connected. Who has not heard them connect would not have heard them end. */
export function outcomeOf({ synAcks, ends }: Seen, clients: number): Silence {
  if (synAcks < clients) return { type: 'untested', why: `${synAcks} of ${clients} connections were seen at all` }
  if (ends === 0) return { type: 'silent' }
  return { type: 'heard', why: `a process that was killed told ${ends} of its ${clients} clients (FIN or RST)` }
}
