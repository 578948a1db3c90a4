/** What a node says of its own keyring (key-sharing): which keys it can open, and which it seals with. */
import { fromUtf8, utf8 } from '../base/bytes.js'
import { RING_KEYS_MAX } from './key-ring.js'

export interface KeyWord {
  /** Ids, the current one first. */
  readonly held: readonly string[]
}

export function encodeKeyWord({ held }: KeyWord): Uint8Array {
  return utf8(JSON.stringify({ held }))
}

/** Total; what it cannot read says of no key that it is held. */
export function decodeKeyWord(bytes: Uint8Array): KeyWord {
  try {
    const body: unknown = JSON.parse(fromUtf8(bytes))
    const held = typeof body === 'object' && body !== null && 'held' in body ? body.held : undefined
    if (!Array.isArray(held)) return { held: [] }
    return { held: held.filter((id) => typeof id === 'string').slice(0, RING_KEYS_MAX) }
  } catch {
    return { held: [] }
  }
}
