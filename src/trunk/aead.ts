/**
 * A cipher with associated data (RFC 5116) as the seal of a data link uses it: one context for each direction, nonces
 * counted by the caller, keys changed under way.
 */
export interface Aead {
  readonly keyBytes: number
  readonly nonceBytes: number
  readonly tagBytes: number
  context(direction: 'seal' | 'open'): AeadContext
}

/** One direction under one key at a time. May be native memory: to be freed, and not used afterwards. */
export interface AeadContext {
  setKey(key: Uint8Array): void
  /** Ciphertext, as long as `plain`, and then the tag go to `into`. Throws where the library reports a failure. */
  seal(nonce: Uint8Array, extra: Uint8Array, plain: Uint8Array, into: Uint8Array): void
  /** `sealed` is ciphertext and tag. `false`: not sealed under this key with this nonce and `extra`. */
  open(nonce: Uint8Array, extra: Uint8Array, sealed: Uint8Array, into: Uint8Array): boolean
  free(): void
}

/**
 * A call that does nothing where another was meant would send bytes in the clear, and one that takes no notice of its nonce
 * would hide every record with the same key stream: whatever comes from a library that was not linked but looked up is
 * tried once, before any use. No byte of what goes in may be without effect.
 */
export function isSound(aead: Aead): boolean {
  const [key, nonce] = [new Uint8Array(aead.keyBytes).fill(1), new Uint8Array(aead.nonceBytes).fill(2)]
  const [extra, plain] = [Uint8Array.of(7), Uint8Array.of(1, 2, 3, 4)]
  const sealed = new Uint8Array(plain.byteLength + aead.tagBytes)
  const opened = new Uint8Array(plain.byteLength)
  const [sealing, opening] = [aead.context('seal'), aead.context('open')]
  sealing.setKey(key)
  opening.setKey(key)
  sealing.seal(nonce, extra, plain, sealed)
  const isHidden = plain.some((byte, at) => sealed[at] !== byte)
  const opens = opening.open(nonce, extra, sealed, opened) && opened.every((byte, at) => byte === plain[at])
  const minds = [key, nonce, extra, sealed].every((input) => {
    return input.every((byte, at) => {
      input[at] = byte ^ 1
      opening.setKey(key)
      const isOpened = opening.open(nonce, extra, sealed, opened)
      input[at] = byte
      return !isOpened
    })
  })
  sealing.free()
  opening.free()
  return isHidden && opens && minds
}
