/**
 * The cluster key as a text that people paste: `baton-key-1-` and, in lower-case base32 (RFC 4648, no padding), 32 random
 * bytes and a checksum of 4. The checksum finds slips of the hand; it is no protection and needs none. Problems never
 * quote the key.
 */
import { fromBase32, strayDigit, toBase32 } from '../base/base32.js'
import { ByteWriter } from '../base/bytes.js'
import { hash32 } from '../base/hash.js'

export const CLUSTER_KEY_BYTES = 32
const CHECKSUM_BYTES = 4
const PREFIX = 'baton-key-1-'
const DIGITS = Math.ceil(((CLUSTER_KEY_BYTES + CHECKSUM_BYTES) * 8) / 5)

export type ParsedClusterKey =
  | { readonly type: 'key'; readonly key: Uint8Array }
  | { readonly type: 'problem'; readonly why: string }

export function formatClusterKey(key: Uint8Array): string {
  return PREFIX + toBase32(withChecksum(key))
}

/** Total. White space around it and capital letters do no harm. */
export function parseClusterKey(text: string): ParsedClusterKey {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === '') return { type: 'problem', why: 'it is empty' }
  if (!trimmed.startsWith(PREFIX)) return { type: 'problem', why: wrongPrefix(trimmed) }
  const digits = trimmed.slice(PREFIX.length)
  const stray = strayDigit(digits, PREFIX.length)
  if (stray !== undefined) return { type: 'problem', why: stray }
  if (digits.length !== DIGITS) {
    const change = digits.length < DIGITS ? 'lost' : 'added'
    const why = `a character was ${change}: it has ${digits.length} after ${PREFIX} instead of ${DIGITS}`
    return { type: 'problem', why }
  }
  const bytes = fromBase32(digits)
  const key = bytes.slice(0, CLUSTER_KEY_BYTES)
  // Compared as text: so the unused bits of the last digit are checked as well.
  if (toBase32(withChecksum(key)) !== digits) {
    return { type: 'problem', why: 'its checksum is wrong: a character was lost or changed' }
  }
  return { type: 'key', key }
}

function wrongPrefix(text: string): string {
  const later = /^baton-key-(\d+)-/.exec(text)
  if (later !== null) return `it is of form ${later[1]}, and this release knows form 1 only: upgrade this node`
  return `a cluster key begins with ${PREFIX}`
}

function withChecksum(key: Uint8Array): Uint8Array {
  return new ByteWriter(CLUSTER_KEY_BYTES + CHECKSUM_BYTES).put(key).u32(hash32(key)).finish()
}
