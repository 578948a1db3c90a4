/**
 * What one host prints and another is given to join: the cluster key, where to find others, and which cluster it is, as one
 * text: `baton-token-1-` and, in base32, fields (tag u8 ‖ length u16 ‖ value) and a checksum of 4. The checksum finds slips
 * of the hand. Problems never quote the token.
 *
 *   1 key 32 · 2 origin 8 · 3 seeds · 4 bootstraps, both UTF-8, one a line; unknown tags are skipped
 *
 * `origin` is the id of the first key that the cluster had: a node of another cluster that is given the token by mistake can tell.
 */
import { fromBase32, strayDigit, toBase32 } from '../base/base32.js'
import { ByteReader, ByteWriter, fromUtf8, toHex, utf8 } from '../base/bytes.js'
import { hash32 } from '../base/hash.js'
import { CLUSTER_KEY_BYTES, parseClusterKey } from './cluster-key.js'
import { fieldReader, readFields, writeField } from './fields.js'

export interface JoinToken {
  readonly key: Uint8Array
  /** 16 hex digits; empty: not known, as of a bare cluster key. */
  readonly origin: string
  /** `host:port` of nodes. */
  readonly seeds: readonly string[]
  /** `host:port` of bootstrap nodes of hyperswarm. */
  readonly bootstraps: readonly string[]
}

export type ParsedToken =
  | { readonly type: 'token'; readonly token: JoinToken }
  | { readonly type: 'problem'; readonly why: string }

/** Of seeds and of bootstraps each: one that answers is enough. */
export const TOKEN_PLACES_MAX = 8
const PLACE_BYTES_MAX = 260
const PREFIX = 'baton-token-1-'
const CHECKSUM_BYTES = 4
const ORIGIN_BYTES = 8
const DIGITS_MAX = 8_192
const TAGS = { key: 1, origin: 2, seeds: 3, bootstraps: 4 } as const

export function formatToken({ key, origin, seeds, bootstraps }: JoinToken): string {
  const writer = new ByteWriter(256)
  writeField(writer, TAGS.key, key)
  if (origin !== '') writeField(writer, TAGS.origin, new ByteWriter(ORIGIN_BYTES).hex(origin).finish())
  for (const [tag, places] of [
    [TAGS.seeds, seeds],
    [TAGS.bootstraps, bootstraps],
  ] as const) {
    const told = places.slice(0, TOKEN_PLACES_MAX).filter((place) => utf8(place).byteLength <= PLACE_BYTES_MAX)
    if (told.length > 0) writeField(writer, tag, utf8(told.join('\n')))
  }
  const fields = writer.finish()
  return PREFIX + toBase32(new ByteWriter(fields.byteLength + CHECKSUM_BYTES).put(fields).u32(hash32(fields)).finish())
}

/** Total. A bare cluster key is a token without places. White space around it and capital letters do no harm. */
export function parseToken(text: string): ParsedToken {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === '') return problem('it is empty')
  if (trimmed.startsWith('baton-key-')) return ofKey(trimmed)
  if (!trimmed.startsWith(PREFIX)) return problem(wrongPrefix(trimmed))
  const digits = trimmed.slice(PREFIX.length)
  if (digits.length > DIGITS_MAX) return problem('it is too long')
  const stray = strayDigit(digits, PREFIX.length)
  if (stray !== undefined) return problem(stray)
  const bytes = fromBase32(digits)
  const fields = bytes.slice(0, Math.max(0, bytes.byteLength - CHECKSUM_BYTES))
  const checksum = new ByteReader(bytes.slice(fields.byteLength)).u32()
  // Compared as text too: so a digit that was added, and the unused bits of the last one, are checked as well.
  if (checksum !== hash32(fields) || toBase32(bytes) !== digits)
    return problem('its checksum is wrong: a character was lost, added or changed')
  return read(fields)
}

function read(bytes: Uint8Array): ParsedToken {
  const fields = readFields(new ByteReader(bytes))
  if (fields === undefined) return problem('its fields are cut off')
  const key = fields.get(TAGS.key) ?? new Uint8Array(0)
  if (key.byteLength !== CLUSTER_KEY_BYTES) return problem('it holds no cluster key')
  const origin = fieldReader(fields, TAGS.origin).take(ORIGIN_BYTES)
  const places = (tag: number) =>
    fromUtf8(fields.get(tag) ?? new Uint8Array(0))
      .split('\n')
      .filter((place) => place !== '')
      .slice(0, TOKEN_PLACES_MAX)
  return {
    type: 'token',
    token: {
      key,
      origin: fields.has(TAGS.origin) ? toHex(origin) : '',
      seeds: places(TAGS.seeds),
      bootstraps: places(TAGS.bootstraps),
    },
  }
}

function ofKey(text: string): ParsedToken {
  const parsed = parseClusterKey(text)
  if (parsed.type === 'problem') return parsed
  return { type: 'token', token: { key: parsed.key, origin: '', seeds: [], bootstraps: [] } }
}

function wrongPrefix(text: string): string {
  const later = /^baton-token-(\d+)-/.exec(text)
  if (later !== null) return `it is of form ${later[1]}, and this release knows form 1 only: upgrade this host`
  return `a token begins with ${PREFIX}`
}

function problem(why: string): ParsedToken {
  return { type: 'problem', why }
}
