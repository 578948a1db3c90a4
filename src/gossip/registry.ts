/**
 * The replicated map of services and settings: every node holds all of it, anybody may write at any time, and nodes that
 * heard the same writes hold the same map in whatever order they heard them. Entries and their joins are `entry`'s,
 * stamps `hlc`'s, spreading `sync`'s, disk and meaning are left to others. Names are spaced by kind: `service/web`.
 *
 * Limits hold for writes made here. Entries from other nodes may be twice as large and twice as many, so that both
 * halves of a partition can fill up and still become one map; what goes beyond is ignored and said so, and only then may
 * maps differ.
 *
 * A removed entry leaves a tombstone for `TOMBSTONE_MS`. A node that was cut off for longer may bring the entry back. Where that
 * would do harm a map keeps the last `tombstonesMax` of each kind instead, whatever clocks say: each write is then stamped later than
 * all that its node holds, so "the last" is what people have seen last, also of a host whose clock says 1970. Keeping the
 * newest of a union commutes with the union, so maps still become equal.
 */
import { assert } from '../base/assert.js'
import { utf8 } from '../base/bytes.js'
import { NODE_ID_BYTES, type NodeId } from '../base/ids.js'
import { HOUR_MS, type Millis } from '../base/time.js'
import {
  type Cell,
  type Entry,
  emptyEntry,
  type Fields,
  fieldsOf,
  joinEntries,
  latestStamp,
  newsIn,
  type Scalar,
} from './entry.js'
import { CLOCK_MS_MAX, compareStamps, HybridClock, hasSuccessor, laterStamp, type Stamp } from './hlc.js'
import { encodeEntry, fingerprint, isScalar, scalarBytes, VALUE_BYTES_MAX } from './registry-codec.js'

export type Changes = Readonly<Record<string, Scalar>>
/** Parts of entries, in any order. */
export type Delta = readonly Entry[]

export interface RegistryLimits {
  /** Tombstones included. */
  readonly entriesMax: number
  readonly fieldsMax: number
  /** Of one entry as encoded. */
  readonly entryBytesMax: number
  /** Of all entries as encoded: what a new member is sent, and what a save writes. */
  readonly bytesMax: number
  /** How long a removal is remembered; without end where they are counted. */
  readonly tombstoneMs: Millis
  /** How many removals of one kind of name are remembered, the last ones. `undefined`: as long as `tombstoneMs` says. */
  readonly tombstonesMax?: number
}

export const TOMBSTONE_MS: Millis = 30 * 24 * HOUR_MS

export const REGISTRY_LIMITS: RegistryLimits = {
  entriesMax: 4_096,
  fieldsMax: 64,
  entryBytesMax: 65_536,
  bytesMax: 4_194_304,
  tombstoneMs: TOMBSTONE_MS,
}

/** What a holder has between two names, each entry as a fingerprint. */
export interface Digest {
  /** Names above this … */
  readonly after: string
  /** … up to and with this; `''`: to the end. */
  readonly upTo: string
  readonly prints: ReadonlyMap<string, string>
}

export type NameRange = Pick<Digest, 'after' | 'upTo'>

export const ALL_NAMES: NameRange = { after: '', upTo: '' }

export interface Merged {
  /** What was new, for those who have not heard it. */
  readonly news: Delta
  /** Entries left out, and why: for the log. */
  readonly ignored: readonly string[]
}

interface Row {
  readonly entry: Entry
  readonly bytes: number
  readonly print: string
}

const NAME = /^[A-Za-z0-9][\w./:-]{0,127}$/
const FIELD = /^[A-Za-z][\w.-]{0,63}$/

export class Registry {
  readonly #rows = new Map<string, Row>()
  readonly #clock: HybridClock
  /** Names of what was removed, by their kinds; kept where they are counted. */
  readonly #tombstones = new Map<string, Set<string>>()
  #latest: Stamp | undefined
  #bytes = 0

  constructor(
    node: NodeId,
    private readonly limits: RegistryLimits = REGISTRY_LIMITS,
  ) {
    this.#clock = new HybridClock(node)
  }

  get(name: string): Fields | undefined {
    const row = this.#rows.get(name)
    return row === undefined ? undefined : fieldsOf(row.entry)
  }

  /** All that exist, ordered by name. */
  entries(): [name: string, fields: Fields][] {
    const found: [string, Fields][] = []
    for (const { entry } of this.#inOrder(ALL_NAMES)) {
      const fields = fieldsOf(entry)
      if (fields !== undefined) found.push([entry.name, fields])
    }
    return found
  }

  /** Everything, tombstones included: what a save keeps. Merging it into an empty registry gives an equal one. */
  state(): Delta {
    return this.#inOrder(ALL_NAMES).map(({ entry }) => entry)
  }

  /** Why `write` would be refused, in words; empty if it would not. */
  check(name: string, changes: Changes): string[] {
    const problems: string[] = []
    if (!NAME.test(name))
      problems.push(`'${name.slice(0, 150)}' is no name of an entry (like service/web, at most 128 letters)`)
    const fields = Object.entries(changes)
    if (fields.length === 0) problems.push(`nothing to write to ${name}`)
    for (const [field, value] of fields) {
      if (!FIELD.test(field)) problems.push(`'${field.slice(0, 80)}' is no name of a field`)
      if (!isScalar(value)) problems.push(`${field} must be a text, a finite number, true, false or null`)
      else if (scalarBytes(value) > VALUE_BYTES_MAX)
        problems.push(`${field} takes ${scalarBytes(value)} bytes as JSON, at most ${VALUE_BYTES_MAX} are possible`)
    }
    return problems.length > 0 ? problems : this.#checkRoom(name, changes)
  }

  /** Why these writes would be refused if they came one after the other: each may be fine alone, and all too much. */
  checkAll(writes: readonly (readonly [name: string, changes: Changes])[]): string[] {
    const problems: string[] = []
    let [entries, bytes] = [this.#rows.size, this.#bytes]
    for (const [name, changes] of writes) {
      problems.push(...this.check(name, changes))
      const old = this.#rows.get(name)
      if (old === undefined) entries++
      bytes += encodeEntry(this.#withChanges(name, changes)).byteLength - (old?.bytes ?? 0)
    }
    if (problems.length > 0) return problems
    const { entriesMax, bytesMax } = this.limits
    if (entries > Math.max(entriesMax, this.#rows.size))
      return [`${entries} entries in all, at most ${entriesMax} are possible`]
    return bytes > Math.max(bytesMax, this.#bytes) ? [`${bytes} bytes in all, at most ${bytesMax} are possible`] : []
  }

  /** Sets the named fields and leaves the others; `null` unsets one. Only after `check`. */
  write(name: string, changes: Changes, wall: Millis): Delta {
    assert(this.check(name, changes).length === 0, `a write to ${name} was checked`)
    const stamp = this.#stampFor(name, wall)
    const cells = new Map(Object.entries(changes).map(([field, value]): [string, Cell] => [field, { value, stamp }]))
    return this.#apply({ name, removed: undefined, cells })
  }

  /** Empty if there is nothing to remove. */
  remove(name: string, wall: Millis): Delta {
    const row = this.#rows.get(name)
    if (row === undefined || fieldsOf(row.entry) === undefined || !canFollow(row.entry)) return []
    return this.#apply({ name, removed: this.#stampFor(name, wall), cells: new Map() })
  }

  /** Takes in what another node, or this one's own file, says. Never throws, whatever it says. */
  merge(delta: Delta, wall: Millis): Merged {
    const news: Entry[] = []
    const ignored: string[] = []
    for (const theirs of delta) {
      const ours = this.#entry(theirs.name)
      const change = newsIn(ours, theirs)
      if (change === undefined || isForgotten(ours, theirs, wall - this.limits.tombstoneMs)) continue
      if (this.#isOutnumbered(ours, theirs)) continue
      const joined = joinEntries(ours, change)
      const refusal = this.#refusal(joined)
      if (refusal !== undefined) {
        ignored.push(refusal)
        continue
      }
      this.#put(joined)
      this.#follow(change, wall)
      news.push(change)
    }
    return { news, ignored }
  }

  /** Forgets tombstones that have served their time. `true` if there were any. */
  expire(wall: Millis): boolean {
    const before = this.#rows.size
    for (const [name, { entry, bytes }] of this.#rows) {
      if (!isOldTombstone(entry, wall - this.limits.tombstoneMs)) continue
      this.#rows.delete(name)
      this.#bytes -= bytes
    }
    return this.#rows.size < before
  }

  /** 16 hex digits: equal for equal maps. */
  fingerprint(): string {
    return fingerprint(
      utf8(
        this.#inOrder(ALL_NAMES)
          .map(({ print }) => print)
          .join(''),
      ),
    )
  }

  /** What is held in a range, cut into digests of at most `rowsMax` entries; at least one. */
  digests(rowsMax: number, range: NameRange = ALL_NAMES): Digest[] {
    const rows = this.#inOrder(range)
    const digests: Digest[] = []
    let { after } = range
    do {
      const part = rows.splice(0, rowsMax)
      const upTo = rows.length === 0 ? range.upTo : (part.at(-1)?.entry.name ?? '')
      digests.push({ after, upTo, prints: new Map(part.map(({ entry, print }) => [entry.name, print])) })
      after = upTo
    } while (rows.length > 0)
    return digests
  }

  /** All of it. */
  digest(): Digest {
    return { ...ALL_NAMES, prints: new Map([...this.#rows].map(([name, { print }]) => [name, print])) }
  }

  /** The entries of the digest's range that its holder lacks or has otherwise. */
  deltaSince(digest: Digest): Delta {
    return this.#inOrder(digest)
      .filter(({ entry, print }) => digest.prints.get(entry.name) !== print)
      .map(({ entry }) => entry)
  }

  #inOrder({ after, upTo }: NameRange): Row[] {
    return [...this.#rows.values()]
      .filter(({ entry }) => entry.name > after && (upTo === '' || entry.name <= upTo))
      .sort((a, b) => (a.entry.name < b.entry.name ? -1 : 1))
  }

  #entry(name: string): Entry {
    return this.#rows.get(name)?.entry ?? emptyEntry(name)
  }

  #stampFor(name: string, wall: Millis): Stamp {
    const seen = latestStamp(this.#entry(name))
    return this.#clock.next(wall, this.limits.tombstonesMax === undefined ? seen : laterStamp(seen, this.#latest))
  }

  #apply(change: Entry): Delta {
    this.#put(joinEntries(this.#entry(change.name), change))
    return [change]
  }

  #put(entry: Entry): void {
    const encoded = encodeEntry(entry)
    this.#bytes += encoded.byteLength - (this.#rows.get(entry.name)?.bytes ?? 0)
    this.#rows.set(entry.name, { entry, bytes: encoded.byteLength, print: fingerprint(encoded) })
    if (this.limits.tombstonesMax !== undefined) this.#count(entry, this.limits.tombstonesMax)
  }

  #count(entry: Entry, max: number): void {
    const stamp = latestStamp(entry)
    // What somebody forged beyond all clocks is not followed: nothing could come after it.
    if (stamp !== undefined && stamp.wallMs <= CLOCK_MS_MAX) this.#latest = laterStamp(this.#latest, stamp)
    const removed = this.#tombstones.get(kindOf(entry.name)) ?? new Set()
    this.#tombstones.set(kindOf(entry.name), removed)
    if (!isTombstone(entry)) return void removed.delete(entry.name)
    removed.add(entry.name)
    if (removed.size <= max) return
    const { name } = this.#oldest(removed)
    removed.delete(name)
    this.#bytes -= this.#rows.get(name)?.bytes ?? 0
    this.#rows.delete(name)
  }

  /** Others may still have what was dropped here; and it is no news. */
  #isOutnumbered(ours: Entry, theirs: Entry): boolean {
    const { tombstonesMax } = this.limits
    const removed = this.#tombstones.get(kindOf(theirs.name))
    if (tombstonesMax === undefined || removed === undefined || removed.size < tombstonesMax) return false
    const isNew = ours.removed === undefined && ours.cells.size === 0
    return isNew && isTombstone(theirs) && isOlder(theirs, this.#oldest(removed))
  }

  #oldest(names: ReadonlySet<string>): Entry {
    let oldest: Entry | undefined
    for (const name of names) {
      const entry = this.#entry(name)
      if (oldest === undefined || isOlder(entry, oldest)) oldest = entry
    }
    assert(oldest !== undefined, 'there are tombstones')
    return oldest
  }

  #follow({ removed, cells }: Entry, wall: Millis): void {
    if (removed !== undefined) this.#clock.observe(removed, wall)
    for (const { stamp } of cells.values()) this.#clock.observe(stamp, wall)
  }

  #checkRoom(name: string, changes: Changes): string[] {
    const entry = this.#entry(name)
    if (!canFollow(entry)) return [`${name} bears the last stamp that there is: no write can follow it`]
    const problem = this.#excess(this.#withChanges(name, changes), 1)
    return problem === undefined ? [] : [problem]
  }

  /** As large as it would be: every stamp is as long as every other. */
  #withChanges(name: string, changes: Changes): Entry {
    const entry = this.#entry(name)
    const stamp = { wallMs: 0, counter: 0, node: '0'.repeat(2 * NODE_ID_BYTES) }
    const cells = new Map(entry.cells)
    for (const [field, value] of Object.entries(changes)) cells.set(field, { value, stamp })
    return { ...entry, cells }
  }

  #refusal(joined: Entry): string | undefined {
    if (!NAME.test(joined.name)) return `'${joined.name.slice(0, 150)}' is no name of an entry`
    for (const [field, { value }] of joined.cells) {
      if (!FIELD.test(field)) return `${joined.name}: '${field.slice(0, 80)}' is no name of a field`
      // Links bound a value when they read it; a file that was edited by hand does not.
      if (scalarBytes(value) > VALUE_BYTES_MAX)
        return `${joined.name}: ${field} takes more than ${VALUE_BYTES_MAX} bytes`
    }
    return this.#excess(joined, 2)
  }

  /** Which limit, `times` over, would be left farther behind with this entry in place of the old one. */
  #excess(entry: Entry, times: 1 | 2): string | undefined {
    const old = this.#rows.get(entry.name)
    const bytes = encodeEntry(entry).byteLength
    const oldBytes = old?.bytes ?? 0
    const { entriesMax, fieldsMax, entryBytesMax, bytesMax } = this.limits
    const growth = (what: string, before: number, after: number, limit: number) =>
      after > before && after > limit * times
        ? `${entry.name} would make ${after} ${what}, at most ${limit * times} are possible`
        : undefined
    return (
      growth('fields in one entry', old?.entry.cells.size ?? 0, entry.cells.size, fieldsMax) ??
      growth('bytes in one entry', oldBytes, bytes, entryBytesMax) ??
      growth('entries', this.#rows.size, this.#rows.size + (old === undefined ? 1 : 0), entriesMax) ??
      growth('bytes in all', this.#bytes, this.#bytes + bytes - oldBytes, bytesMax)
    )
  }
}

function canFollow(entry: Entry): boolean {
  const latest = latestStamp(entry)
  return latest === undefined || hasSuccessor(latest)
}

/** `key/3f9a…` is a key. */
function kindOf(name: string): string {
  return name.slice(0, name.indexOf('/') + 1)
}

function isTombstone({ removed, cells }: Entry): boolean {
  return cells.size === 0 && removed !== undefined
}

/** Of two tombstones; names decide where one stamp removed both. */
function isOlder(a: Entry, b: Entry): boolean {
  const order = a.removed === undefined || b.removed === undefined ? 0 : compareStamps(a.removed, b.removed)
  return order === 0 ? a.name < b.name : order < 0
}

function isOldTombstone(entry: Entry, before: Millis): boolean {
  return isTombstone(entry) && entry.removed !== undefined && entry.removed.wallMs < before
}

/** Others may be a little slower to forget; their tombstone is no news here. */
function isForgotten(ours: Entry, theirs: Entry, before: Millis): boolean {
  return ours.removed === undefined && ours.cells.size === 0 && isOldTombstone(theirs, before)
}
