/**
 * One entry of the registry: fields, each with the stamp of its last write, and the stamp of the last removal of the
 * whole entry. A field counts only if it was written after that removal, so a later write revives the entry with the
 * fields that it writes.
 *
 * Entries form a semilattice under `joinEntries` (Shapiro, Preguiça, Baquero, Zawirski 2011, sections 3.2.1 and 3.3.1: a
 * last-writer-wins register per field): the order, grouping and repetition of joins do not matter, and any part of an
 * entry is an entry.
 */
import { compareStamps, laterStamp, type Stamp } from './hlc.js'

/** `null`: the field was set back to "not written". */
export type Scalar = string | number | boolean | null

export interface Cell {
  readonly value: Scalar
  readonly stamp: Stamp
}

export interface Entry {
  readonly name: string
  readonly removed: Stamp | undefined
  readonly cells: ReadonlyMap<string, Cell>
}

/** What a reader of the registry sees of an entry. */
export type Fields = Readonly<Record<string, string | number | boolean>>

export function emptyEntry(name: string): Entry {
  return { name, removed: undefined, cells: new Map() }
}

/** All that both know. Both have the same name. */
export function joinEntries(a: Entry, b: Entry): Entry {
  const removed = laterStamp(a.removed, b.removed)
  const cells = new Map<string, Cell>()
  for (const entry of [a, b]) {
    for (const [field, cell] of entry.cells) {
      if (removed !== undefined && compareStamps(cell.stamp, removed) <= 0) continue
      const other = cells.get(field)
      if (other === undefined || isLater(cell, other)) cells.set(field, cell)
    }
  }
  return { name: a.name, removed, cells }
}

/** The part of `theirs` that changes `ours` when joined; `undefined` if nothing does. */
export function newsIn(ours: Entry, theirs: Entry): Entry | undefined {
  const joined = joinEntries(ours, theirs)
  const removed = joined.removed === ours.removed ? undefined : joined.removed
  const cells = new Map([...joined.cells].filter(([field, cell]) => ours.cells.get(field) !== cell))
  return removed === undefined && cells.size === 0 ? undefined : { name: ours.name, removed, cells }
}

/** `undefined` if the entry does not exist (any more). */
export function fieldsOf(entry: Entry): Fields | undefined {
  const fields: [string, string | number | boolean][] = []
  for (const [field, { value }] of entry.cells) if (value !== null) fields.push([field, value])
  return fields.length === 0 ? undefined : Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The last thing that happened to it. */
export function latestStamp(entry: Entry): Stamp | undefined {
  let latest = entry.removed
  for (const { stamp } of entry.cells.values()) latest = laterStamp<Stamp | undefined>(latest, stamp)
  return latest
}

/** Equal stamps with different values are a fault of their writer, and still every node must choose the same one. */
function isLater(a: Cell, b: Cell): boolean {
  const order = compareStamps(a.stamp, b.stamp)
  return order === 0 ? JSON.stringify(a.value) > JSON.stringify(b.value) : order > 0
}
