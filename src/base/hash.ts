const text = new TextEncoder()

/** FNV-1a followed by murmur3's finalizer: well mixed, not secret. For rendezvous choices and checksums of our own files. */
export function hash32(input: string | Uint8Array): number {
  const bytes = typeof input === 'string' ? text.encode(input) : input
  let h = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ (bytes[i] as number), 0x01000193)
  return mix32(h)
}

/** The finalizer alone: each bit of what goes in changes each bit of what comes out with probability one half. */
export function mix32(word: number): number {
  let h = word
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
