/**
 * Sealing of data links with a cipher that leaves the count of records to its caller: AES-256-GCM (NIST SP 800-38D) or
 * AEGIS-128L, for hosts with AES instructions.
 *
 *   sealed   flags u8 ‖ ciphertext ‖ tag          flags: 1 = the first record under the next key
 *
 * The nonce is the number of the record in its direction. It goes on over changes of key: the last records before one
 * could be left out otherwise. Flags are authenticated. A record that is altered, left out, doubled or moved is not opened.
 * Keys: see `docs/wire-trunk.md`.
 */

import { assert } from '../base/assert.js'
import { utf8 } from '../base/bytes.js'
import sodium from '../base/native/sodium.io.js'
import type { Aead, AeadContext } from './aead.js'
import type { Opener, Sealer } from './ports.js'
import type { Suite } from './suites.js'

const NEXT_KEY = 1
const FLAGS_BYTES = 1
const CLOSED = 'a closed seal is not used'
const NEXT_LABEL = utf8('baton: data link next key 1')

/**
 * 2³² blocks of AES. For GCM RFC 8446, 5.5, allows 2^24.5 records of 16 KiB under one key, six times as much, for a chance
 * of 2⁻⁵⁷ that anything shows; AEGIS-128L has no limit that could be reached.
 */
export const REKEY_BYTES = 64 * 2 ** 30

export class CountedSealer implements Sealer {
  readonly overheadBytes: number
  readonly #stream: KeyStream
  #bytesUnderKey = 0
  #rekeyNext = false

  constructor(
    suite: Suite,
    aead: Aead,
    key: Uint8Array,
    header: Uint8Array,
    private readonly rekeyBytes = REKEY_BYTES,
  ) {
    this.overheadBytes = FLAGS_BYTES + aead.tagBytes
    this.#stream = new KeyStream(suite, aead, 'seal', key, header)
  }

  seal(plain: Uint8Array, into: Uint8Array): number {
    const length = plain.byteLength + this.overheadBytes
    assert(length <= into.byteLength, 'a sealed record fits its buffer')
    const flags = this.#rekeyNext || this.#bytesUnderKey >= this.rekeyBytes ? NEXT_KEY : 0
    if (flags === NEXT_KEY) {
      this.#stream.next()
      this.#bytesUnderKey = 0
      this.#rekeyNext = false
    }
    this.#bytesUnderKey += plain.byteLength
    into[0] = flags
    this.#stream.context.seal(
      this.#stream.nonce(),
      this.#stream.flags(flags),
      plain,
      into.subarray(FLAGS_BYTES, length),
    )
    return length
  }

  rekey(): void {
    this.#rekeyNext = true
  }

  close(): void {
    this.#stream.close()
  }
}

export class CountedOpener implements Opener {
  readonly #overheadBytes: number
  readonly #stream: KeyStream

  constructor(suite: Suite, aead: Aead, key: Uint8Array, header: Uint8Array) {
    this.#overheadBytes = FLAGS_BYTES + aead.tagBytes
    this.#stream = new KeyStream(suite, aead, 'open', key, header)
  }

  /** Follows the sealer's change of key by itself: the record says so. */
  open(sealed: Uint8Array, into: Uint8Array): number | undefined {
    const length = sealed.byteLength - this.#overheadBytes
    const flags = sealed[0] as number
    if (length < 0 || length > into.byteLength || flags > NEXT_KEY) return undefined
    if (flags === NEXT_KEY) this.#stream.next()
    const { context } = this.#stream
    const isOpened = context.open(this.#stream.nonce(), this.#stream.flags(flags), sealed.subarray(FLAGS_BYTES), into)
    return isOpened ? length : undefined
  }

  close(): void {
    this.#stream.close()
  }
}

/** The keys of one direction, each made of the one before, and the number of the next record. */
class KeyStream {
  readonly context: AeadContext
  readonly #key: Uint8Array
  readonly #nonce: Uint8Array
  readonly #numbers: DataView
  readonly #flags = new Uint8Array(FLAGS_BYTES)
  #number = 0
  #isClosed = false

  constructor(suite: Suite, aead: Aead, direction: 'seal' | 'open', key: Uint8Array, header: Uint8Array) {
    this.context = aead.context(direction)
    this.#key = new Uint8Array(aead.keyBytes)
    const nonce = new ArrayBuffer(aead.nonceBytes)
    this.#nonce = new Uint8Array(nonce)
    this.#numbers = new DataView(nonce)
    const label = utf8(`baton: data link ${suite} 1`)
    const input = new Uint8Array(label.byteLength + header.byteLength)
    input.set(label)
    input.set(header, label.byteLength)
    sodium.crypto_generichash(this.#key, input, key)
    this.context.setKey(this.#key)
  }

  /** One way: the key before cannot be told from this one. */
  next(): void {
    // The context is freed, and its key all zeros.
    assert(!this.#isClosed, CLOSED)
    const before = this.#key.slice()
    sodium.crypto_generichash(this.#key, NEXT_LABEL, before)
    before.fill(0)
    this.context.setKey(this.#key)
  }

  /** Valid until the next call. */
  nonce(): Uint8Array {
    assert(!this.#isClosed, CLOSED)
    this.#numbers.setUint32(0, this.#number % 2 ** 32, true)
    this.#numbers.setUint32(4, Math.floor(this.#number / 2 ** 32), true)
    this.#number++
    return this.#nonce
  }

  flags(flags: number): Uint8Array {
    this.#flags[0] = flags
    return this.#flags
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#key.fill(0)
    this.context.free()
  }
}
