/**
 * Randomness is an argument. `Prng` is sfc32 (PractRand-clean, 128-bit state): the same seed gives the same run on every
 * host, which is what makes a simulator's failure repeatable. It is not for keys: those come from an `*.io.ts`.
 */
export class Prng {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = 0x9e3779b9 | 0
    this.#c = (seed / 2 ** 32) | 0
    for (let i = 0; i < 15; i++) this.u32()
  }

  /** Uniform in 0 … 2³² − 1. */
  u32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0
    return t >>> 0
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.u32() / 2 ** 32
  }

  /** Uniform integer in 0 … n − 1; `n` at least 1. */
  below(n: number): number {
    return Math.floor(this.unit() * n)
  }

  /** `true` with probability `p`. */
  chance(p: number): boolean {
    return this.unit() < p
  }

  /** Uniform real in [low, high). */
  between(low: number, high: number): number {
    return low + this.unit() * (high - low)
  }

  /** Fisher–Yates, in place; returns its argument. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const swap = items[i] as T
      items[i] = items[j] as T
      items[j] = swap
    }
    return items
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) out[i] = this.u32()
    return out
  }
}
