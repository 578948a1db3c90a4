/**
 * The registry as JSON, for its file: readable by people, total when read back.
 *
 *   { "entries": [ { "name": "service/web", "removed": "STAMP", "fields": { "ports": ["8080", "STAMP"] } } ] }
 *
 * Stamps as `hlc` writes them; `removed` only where there is one.
 */
import type { Cell, Entry } from './entry.js'
import { formatStamp, parseStamp, type Stamp } from './hlc.js'
import type { Delta } from './registry.js'
import { isScalar } from './registry-codec.js'

export type ParsedDocument =
  | { readonly type: 'entries'; readonly entries: Delta }
  | { readonly type: 'malformed'; readonly why: string }

export function registryDocument(state: Delta): unknown {
  return { entries: state.map(entryDocument) }
}

/** Keys that a later version of the same format may add are passed over. */
export function parseRegistryDocument(body: unknown): ParsedDocument {
  const list = isRecord(body) ? body['entries'] : undefined
  if (!Array.isArray(list)) return { type: 'malformed', why: "it has no list 'entries'" }
  const entries: Entry[] = []
  for (const [index, item] of list.entries()) {
    const entry = parseEntry(item)
    if (entry === undefined) return { type: 'malformed', why: `entry ${index} is not as it should be` }
    entries.push(entry)
  }
  return { type: 'entries', entries }
}

function entryDocument({ name, removed, cells }: Entry): unknown {
  const fields = Object.fromEntries([...cells].map(([field, { value, stamp }]) => [field, [value, formatStamp(stamp)]]))
  return removed === undefined ? { name, fields } : { name, removed: formatStamp(removed), fields }
}

function parseEntry(item: unknown): Entry | undefined {
  if (!isRecord(item)) return undefined
  const { name, fields } = item
  const removed = item['removed'] === undefined ? undefined : readStamp(item['removed'])
  if (typeof name !== 'string' || !isRecord(fields)) return undefined
  if (item['removed'] !== undefined && removed === undefined) return undefined
  const cells = new Map<string, Cell>()
  for (const [field, pair] of Object.entries(fields)) {
    const cell = parseCell(pair)
    if (cell === undefined) return undefined
    cells.set(field, cell)
  }
  return { name, removed, cells }
}

function parseCell(pair: unknown): Cell | undefined {
  if (!Array.isArray(pair)) return undefined
  const value: unknown = pair[0]
  const stamp = readStamp(pair[1])
  return isScalar(value) && stamp !== undefined ? { value, stamp } : undefined
}

function readStamp(value: unknown): Stamp | undefined {
  return typeof value === 'string' ? parseStamp(value) : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
