/**
 * Sealing of data links with libsodium's secretstream (XChaCha20-Poly1305): a record that is altered, left out, doubled
 * or moved is not opened. Each link and each direction has a key of its own, used for one connection only.
 */

import { assert } from '../base/assert.js'
import sodium from '../base/native/sodium.io.js'
import { isLastCounter, LARGE_BYTES, type LargeRecords, loadLargeRecords } from './large-records.io.js'
import { SEAL_HEADER_BYTES } from './link-preamble.js'
import type { Opener, Sealer } from './ports.js'

const {
  crypto_secretstream_xchacha20poly1305_STATEBYTES: STATE_BYTES,
  crypto_secretstream_xchacha20poly1305_ABYTES: OVERHEAD_BYTES,
  crypto_secretstream_xchacha20poly1305_HEADERBYTES: HEADER_BYTES,
  crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: TAG_MESSAGE,
  crypto_secretstream_xchacha20poly1305_TAG_REKEY: TAG_REKEY,
} = sodium

export const SEAL_KEY_BYTES = 32
export { SEAL_HEADER_BYTES }

/** A key that leaks opens at most this much of the past. Far below any limit of the cipher; costs one hash. */
const REKEY_EVERY_BYTES = 64 * 2 ** 30

export class SodiumSealer implements Sealer {
  readonly overheadBytes = OVERHEAD_BYTES
  readonly header = new Uint8Array(HEADER_BYTES)
  readonly #state = new Uint8Array(STATE_BYTES)
  #bytesUnderKey = 0
  #rekeyNext = false
  #isClosed = false

  constructor(
    key: Uint8Array,
    private readonly large = largeRecords(),
  ) {
    assert(key.byteLength === SEAL_KEY_BYTES, `a sealing key has ${SEAL_KEY_BYTES} bytes`)
    sodium.crypto_secretstream_xchacha20poly1305_init_push(this.#state, this.header, key)
  }

  seal(plain: Uint8Array, into: Uint8Array): number {
    // Its state is all zeros then: a key that everybody knows.
    assert(!this.#isClosed, 'a closed seal is not used')
    const length = plain.byteLength + OVERHEAD_BYTES
    assert(length <= into.byteLength, 'a sealed record fits its buffer')
    this.#bytesUnderKey += plain.byteLength
    const rekey = this.#rekeyNext || this.#bytesUnderKey >= REKEY_EVERY_BYTES
    const sealed = into.subarray(0, length)
    if (!rekey && this.large !== null && plain.byteLength >= LARGE_BYTES && !isLastCounter(this.#state)) {
      this.large.seal(this.#state, plain, sealed)
      return length
    }
    const tag = rekey ? TAG_REKEY : TAG_MESSAGE
    sodium.crypto_secretstream_xchacha20poly1305_push(this.#state, sealed, plain, null, tag)
    if (rekey) {
      this.#bytesUnderKey = 0
      this.#rekeyNext = false
    }
    return length
  }

  rekey(): void {
    this.#rekeyNext = true
  }

  close(): void {
    this.#isClosed = true
    this.#state.fill(0)
  }
}

export class SodiumOpener implements Opener {
  readonly #state = new Uint8Array(STATE_BYTES)
  readonly #tag = new Uint8Array(1)
  #isClosed = false

  constructor(
    key: Uint8Array,
    header: Uint8Array,
    private readonly large = largeRecords(),
  ) {
    assert(key.byteLength === SEAL_KEY_BYTES, `a sealing key has ${SEAL_KEY_BYTES} bytes`)
    assert(header.byteLength === HEADER_BYTES, `a seal's header has ${HEADER_BYTES} bytes`)
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(this.#state, header, key)
  }

  /** Follows the sealer's change of key by itself: the tag of the record says so. */
  open(sealed: Uint8Array, into: Uint8Array): number | undefined {
    assert(!this.#isClosed, 'a closed seal is not used')
    const length = sealed.byteLength - OVERHEAD_BYTES
    if (length < 0 || length > into.byteLength) return undefined
    const isLarge = length >= LARGE_BYTES && !isLastCounter(this.#state)
    if (isLarge && this.large?.open(this.#state, sealed, into)) return length
    try {
      sodium.crypto_secretstream_xchacha20poly1305_pull(this.#state, into.subarray(0, length), this.#tag, sealed, null)
      return length
    } catch {
      return undefined
    }
  }

  close(): void {
    this.#isClosed = true
    this.#state.fill(0)
  }
}

function largeRecords(): LargeRecords | null {
  const found = loadLargeRecords()
  return 'why' in found ? null : found
}
