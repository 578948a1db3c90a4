/** TCP sequence numbers: 32 bits, compared on the circle (RFC 9293, 3.4). All are unsigned here. */

/** `seq` and so many bytes more, or fewer; `bytes` may be any whole number below 2⁵³. */
export function advance(seq: number, bytes: number): number {
  return (seq + (bytes % 2 ** 32)) >>> 0
}

/** How far `to` lies behind `from` in the stream: from −2³¹ to 2³¹ − 1. */
export function distance(from: number, to: number): number {
  return (to - from) | 0
}

export function isBefore(a: number, b: number): boolean {
  return distance(a, b) > 0
}
