/**
 * Bounds-checked reading and growable writing of wire data. All integers are little-endian unless the name says `be`
 * (the PROXY protocol is big-endian). A reader never throws: past the end it returns zeros and stays `failed`, so a
 * decoder reads all its fields and looks at `failed` once.
 */
import { assert } from './assert.js'

const decoder = new TextDecoder('utf-8', { fatal: false })
const encoder = new TextEncoder()
const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))
const NOTHING = new Uint8Array(0)
/** What the u16 before a text can say. */
const TEXT_BYTES_MAX = 0xffff

export class ByteReader {
  #at: number
  readonly #end: number
  #failed = false

  constructor(
    readonly bytes: Uint8Array,
    from = 0,
    to = bytes.byteLength,
  ) {
    this.#at = from
    this.#end = to
  }

  /** A read went past the end, or a value was out of range. */
  get failed(): boolean {
    return this.#failed
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  /** Everything was read, nothing is left over. */
  get exhausted(): boolean {
    return !this.#failed && this.remaining === 0
  }

  u8(): number {
    return this.#take(1) ? this.#back(1) : 0
  }

  u16(): number {
    return this.#take(2) ? this.#back(2) | (this.#back(1) << 8) : 0
  }

  u16be(): number {
    return this.#take(2) ? (this.#back(2) << 8) | this.#back(1) : 0
  }

  u32(): number {
    if (!this.#take(4)) return 0
    return (this.#back(4) | (this.#back(3) << 8) | (this.#back(2) << 16) | (this.#back(1) << 24)) >>> 0
  }

  u32be(): number {
    if (!this.#take(4)) return 0
    return ((this.#back(4) << 24) | (this.#back(3) << 16) | (this.#back(2) << 8) | this.#back(1)) >>> 0
  }

  /** A u64 that must fit a JavaScript integer (below 2⁵³): offsets and counters do, for 285 years at 1 GB/s. */
  u64(): number {
    const low = this.u32()
    const high = this.u32()
    if (high > 0x1fffff) this.#failed = true
    return this.#failed ? 0 : high * 2 ** 32 + low
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number): Uint8Array {
    return this.#take(length) ? this.bytes.subarray(this.#at - length, this.#at) : NOTHING
  }

  /** Passes over the next `length` bytes; answers where in `bytes` they begin. */
  skip(length: number): number {
    return this.#take(length) ? this.#at - length : this.#end
  }

  /** A reader of the next `length` bytes alone; of none if there are not so many. */
  part(length: number): ByteReader {
    return this.#take(length) ? new ByteReader(this.bytes, this.#at - length, this.#at) : new ByteReader(NOTHING)
  }

  rest(): Uint8Array {
    return this.take(this.#failed ? 0 : this.remaining)
  }

  hex(length: number): string {
    return this.#take(length) ? hexOf(this.bytes, this.#at - length, this.#at) : ''
  }

  /** A text that its length (u16) precedes; longer than `bytesMax` fails. */
  text(bytesMax = TEXT_BYTES_MAX): string {
    const length = this.u16()
    if (length > bytesMax) this.#failed = true
    return decoder.decode(this.take(length))
  }

  /** Marks the input as malformed: a value was read that the protocol does not allow. */
  fail(): void {
    this.#failed = true
  }

  /** The byte that many before the place of reading. */
  #back(by: number): number {
    return this.bytes[this.#at - by] as number
  }

  #take(length: number): boolean {
    if (this.#failed || length < 0 || length > this.remaining) {
      this.#failed = true
      return false
    }
    this.#at += length
    return true
  }
}

export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#grow(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    return this.patchU16(this.#grow(2), value)
  }

  u16be(value: number): this {
    return this.patchU16be(this.#grow(2), value)
  }

  u32(value: number): this {
    return this.patchU32(this.#grow(4), value)
  }

  u32be(value: number): this {
    return this.patchU32be(this.#grow(4), value)
  }

  u64(value: number): this {
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32))
  }

  put(bytes: Uint8Array): this {
    const at = this.#grow(bytes.byteLength)
    this.#bytes.set(bytes, at)
    return this
  }

  hex(text: string): this {
    return this.put(fromHex(text))
  }

  /**
   * UTF-8, preceded by its length as u16. A text that is longer than that can say is a fault of our own: cut short it
   * would be another text, so whoever takes a text from outside bounds it there.
   */
  text(text: string): this {
    const bytes = encoder.encode(text)
    assert(bytes.byteLength <= TEXT_BYTES_MAX, `a text of ${bytes.byteLength} bytes fits its length`)
    return this.u16(bytes.byteLength).put(bytes)
  }

  /** Overwrites what was written at `at`: for lengths that are known only afterwards. */
  patchU16(at: number, value: number): this {
    this.#bytes[at] = value
    this.#bytes[at + 1] = value >>> 8
    return this
  }

  patchU16be(at: number, value: number): this {
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }

  patchU32(at: number, value: number): this {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = value >>> (8 * i)
    return this
  }

  patchU32be(at: number, value: number): this {
    for (let i = 0; i < 4; i++) this.#bytes[at + i] = value >>> (24 - 8 * i)
    return this
  }

  /** What was written, where it lies: valid until the next write or `reset`. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Begins anew, in the same memory. */
  reset(): this {
    this.#length = 0
    return this
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Where to write; may replace the bytes, so it is called before they are looked at. */
  #grow(by: number): number {
    const at = this.#length
    const needed = at + by
    if (needed > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#length = needed
    return at
  }
}

export function toHex(bytes: Uint8Array): string {
  return hexOf(bytes, 0, bytes.length)
}

function hexOf(bytes: Uint8Array, from: number, to: number): string {
  let out = ''
  for (let i = from; i < to; i++) out += HEX[bytes[i] as number]
  return out
}

/** Two digits a byte; anything else gives fewer bytes than asked, which the length check of the caller finds. */
export function fromHex(text: string): Uint8Array {
  const out = new Uint8Array(text.length >> 1)
  for (let i = 0; i < text.length; i++) {
    const digit = hexDigit(text.charCodeAt(i))
    if (digit === undefined) return NOTHING
    if (i >> 1 < out.length) out[i >> 1] = ((out[i >> 1] as number) << 4) | digit
  }
  return out
}

function hexDigit(code: number): number | undefined {
  if (code >= 48 && code <= 57) return code - 48
  const letter = (code | 32) - 97
  return letter >= 0 && letter < 6 ? letter + 10 : undefined
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** One behind the other, in memory of their own. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.byteLength + second.byteLength)
  both.set(first)
  both.set(second, first.byteLength)
  return both
}
