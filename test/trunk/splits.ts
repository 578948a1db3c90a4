import type { Prng } from '../../src/base/prng.js'

/** The same bytes in random pieces; some of them empty. */
export function splitRandomly(bytes: Uint8Array, random: Prng): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const most = random.chance(0.5) ? 4 : bytes.byteLength
    const length = Math.min(random.below(most + 1), bytes.byteLength - at)
    pieces.push(bytes.slice(at, at + length))
    at += length
  }
  return pieces
}
