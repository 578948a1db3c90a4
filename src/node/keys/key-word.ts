/** What a node says of its own keyring (key-sharing): which keys it can open, which it seals with, and whom it holds banned. */
import { fromUtf8, utf8 } from '../../base/bytes.js'
import { RING_KEYS_MAX } from './key-ring.js'

export interface KeyWord {
  /** Ids, the current one first. */
  readonly held: readonly string[]
  /** Ids of nodes, those that were banned last first. */
  readonly banned: readonly string[]
}

/** More are not told; they are banned all the same. */
const BANNED_MAX = 256

export function encodeKeyWord({ held, banned }: KeyWord): Uint8Array {
  return utf8(JSON.stringify({ held, banned: banned.slice(0, BANNED_MAX) }))
}

/** Total; what it cannot read says of no key that it is held. */
export function decodeKeyWord(bytes: Uint8Array): KeyWord {
  try {
    const body = (JSON.parse(fromUtf8(bytes)) ?? {}) as { held?: unknown; banned?: unknown }
    return { held: textsOf(body.held, RING_KEYS_MAX), banned: textsOf(body.banned, BANNED_MAX) }
  } catch {
    return { held: [], banned: [] }
  }
}

function textsOf(list: unknown, max: number): string[] {
  return Array.isArray(list) ? list.filter((id) => typeof id === 'string').slice(0, max) : []
}
