/**
 * A Map from whole numbers below 2⁵³ to objects, for entries that come and go by the thousand a second (why not a Map: see
 * roll.ts). Open addressing with linear probing; a deletion moves what follows back (Knuth, The Art of Computer
 * Programming 3, 6.4, algorithm R), so nothing has to be made anew but when it grows.
 */
const CAPACITY_MIN = 16

export class NumberTable<V extends object> {
  #keys = new Float64Array(CAPACITY_MIN)
  #values: (V | undefined)[] = new Array<undefined>(CAPACITY_MIN).fill(undefined)
  #size = 0
  /** Of a product's 32 bits the highest are the place: they depend on all bits of the key. */
  #shift = 32 - Math.log2(CAPACITY_MIN)

  get size(): number {
    return this.#size
  }

  get(key: number): V | undefined {
    return this.#values[this.#find(key)]
  }

  has(key: number): boolean {
    return this.get(key) !== undefined
  }

  set(key: number, value: V): void {
    if (2 * (this.#size + 1) > this.#keys.length) this.#grow()
    const at = this.#find(key)
    if (this.#values[at] === undefined) this.#size++
    this.#keys[at] = key
    this.#values[at] = value
  }

  delete(key: number): boolean {
    let hole = this.#find(key)
    if (this.#values[hole] === undefined) return false
    const mask = this.#keys.length - 1
    for (let at = (hole + 1) & mask; this.#values[at] !== undefined; at = (at + 1) & mask) {
      const home = this.#home(this.#keys[at] as number)
      // It may move back only if its home is not between the hole and its place.
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      this.#keys[hole] = this.#keys[at] as number
      this.#values[hole] = this.#values[at]
      hole = at
    }
    this.#values[hole] = undefined
    this.#size--
    return true
  }

  clear(): void {
    this.#values.fill(undefined)
    this.#size = 0
  }

  /** As they are now; the table may change while they are gone through. */
  entries(): [key: number, value: V][] {
    const { length } = this.#keys
    const all: [number, V][] = []
    for (let at = 0; at < length; at++) {
      const value = this.#values[at]
      if (value !== undefined) all.push([this.#keys[at] as number, value])
    }
    return all
  }

  /** Where the key is, or the free place where it would go. */
  #find(key: number): number {
    const mask = this.#keys.length - 1
    let at = this.#home(key)
    while (this.#values[at] !== undefined && this.#keys[at] !== key) at = (at + 1) & mask
    return at
  }

  /** Both halves count; multiplied by 2³² over the golden ratio, so that numbers in a row are spread. */
  #home(key: number): number {
    const low = key | 0
    const high = (key / 2 ** 32) | 0
    const both = low ^ Math.imul(high, 0x85eb_ca6b)
    return Math.imul(both ^ (both >>> 16), 0x9e37_79b1) >>> this.#shift
  }

  #grow(): void {
    const before = this.entries()
    const capacity = 2 * this.#keys.length
    this.#keys = new Float64Array(capacity)
    this.#values = new Array<undefined>(capacity).fill(undefined)
    this.#size = 0
    this.#shift--
    for (const [key, value] of before) this.set(key, value)
  }
}
