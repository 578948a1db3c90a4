export const PORT_BITMAP_BYTES = 65_536 / 8

/** Port n is bit n mod 8 of byte n / 8. */
export function portBitmap(ports: Iterable<number>): Uint8Array {
  const bitmap = new Uint8Array(PORT_BITMAP_BYTES)
  for (const port of ports) bitmap[port >> 3] = (bitmap[port >> 3] ?? 0) | (1 << (port & 7))
  return bitmap
}
