/**
 * Names and addresses come again with every connection: what was made of the last few of them is kept. Both are bounded,
 * and answer the same as the function that they remember.
 */

/** Beyond so many the oldest makes room. */
const KEPT = 4_096

/** What `make` made of a text or a number. It is shared: whoever gets it must not write to it. */
export class Recent<K extends string | number, V extends string | Uint8Array> {
  readonly #known = new Map<K, V>()

  constructor(private readonly make: (key: K) => V) {}

  of(key: K): V {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const oldest = this.#known.size >= KEPT ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)
    const made = this.make(key)
    this.#known.set(key, made)
    return made
  }
}

/** Looked through one by one: a link speaks of few nodes and services at a time. */
const SLOTS = 8

/** The text of bytes. */
export class RecentTexts {
  readonly #bytes: Uint8Array[] = []
  readonly #texts: string[] = []
  #next = 0

  constructor(private readonly make: (bytes: Uint8Array) => string) {}

  /** Of the bytes from `from` up to `to`. */
  of(bytes: Uint8Array, from: number, to: number): string {
    for (let slot = 0; slot < this.#bytes.length; slot++) {
      if (isSame(this.#bytes[slot] as Uint8Array, bytes, from, to)) return this.#texts[slot] as string
    }
    const kept = bytes.slice(from, to)
    const text = this.make(kept)
    this.#bytes[this.#next] = kept
    this.#texts[this.#next] = text
    this.#next = (this.#next + 1) % SLOTS
    return text
  }
}

function isSame(kept: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (kept.byteLength !== to - from) return false
  for (let at = 0; at < kept.byteLength; at++) if (kept[at] !== bytes[from + at]) return false
  return true
}
