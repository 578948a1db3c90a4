/**
 * The keys of the cluster as a small registry of its own, which every node holds, keeps on disk and spreads over control
 * links (key-sharing): entries `key/ID`; `ring`, which says which of them is the current one; and `member/NODE` for each node
 * that has ever held it, so that nobody removes a key that one which is down may need. As for services the last
 * writer wins, by the hybrid clock, so that rotations begun on two nodes at once end in one ring.
 *
 * What was in the file `cluster.key` before there was a ring is in it from the beginning, stamped earlier than everything:
 * nodes that were given the same key hold the same entry, and a removal is always later.
 */
import type { NodeId } from '../../base/ids.js'
import { type Entry, type Fields, fieldsOf, latestStamp } from '../../gossip/entry.js'
import { compareStamps, type Stamp } from '../../gossip/hlc.js'
import { REGISTRY_LIMITS, type Registry, type RegistryLimits } from '../../gossip/registry.js'
import type { RegistryWrite } from '../../gossip/sync.js'
import { formatClusterKey, parseClusterKey } from '../../trunk/cluster-key.js'

/** All are tried on a datagram that none of them opens, and each is proven on a link: two suffice for a rotation. */
export const RING_KEYS_MAX = 8

/** Eleven years of one rotation a day. */
export const REMOVALS_KEPT = 4_096
/**
 * The last removals are remembered, however long ago and whatever clocks say: who brings a key back must not come in by it. There
 * is room for as many of each kind, and for what exists.
 */
export const RING_LIMITS: RegistryLimits = {
  ...REGISTRY_LIMITS,
  entriesMax: 4 * REMOVALS_KEPT,
  tombstoneMs: Number.POSITIVE_INFINITY,
  tombstonesMax: REMOVALS_KEPT,
}

const PREFIX = 'key/'
const RING = 'ring'
const MEMBER = 'member/'
/** Sorts before keys: of one message that brings both it is read first. */
const BAN = 'ban/'
const BEGINNING: Stamp = { wallMs: 0, counter: 0, node: '0'.repeat(32) }

export interface RingKey {
  readonly id: string
  readonly key: Uint8Array
  /** By the wall clock of the node where it was added; 0: from the beginning. */
  readonly addedAtMs: number
  /** The name of that node; empty: from the beginning. */
  readonly addedBy: string
}

export interface Ban {
  /** Its name when it was banned. */
  readonly name: string
  /** The node where that was said. */
  readonly by: string
  readonly atMs: number
}

/** What a node that is down is taken to hold, written before the ring changed: its word may be forgotten by then. */
export interface Noted {
  readonly held: readonly string[]
  /** Nobody knew its word any more: each of these may be the only one that it has. */
  readonly isGuess: boolean
}

interface Found extends RingKey {
  readonly stamp: Stamp
}

export class KeyRing {
  #keys: readonly RingKey[] = []
  #secrets: readonly Uint8Array[] = []
  /** What the file says is current, until the ring of the others is known. */
  #given: string | undefined
  readonly #first: string

  /**
   * `registry`: what the last run kept. `given`: the keys of the file, the current one first; at least one. `idOf`: how a key
   * is named; an entry whose key has another name is passed over.
   */
  constructor(
    readonly registry: Registry,
    private readonly idOf: (key: Uint8Array) => string,
    given: readonly Uint8Array[],
  ) {
    registry.merge(
      given.map((key) => firstEntry(idOf(key), key)),
      0,
    )
    const [first] = given
    this.#first = first === undefined ? '' : idOf(first)
    this.#given = this.#first
    this.#keys = given.slice(0, RING_KEYS_MAX).map((key) => ({ id: idOf(key), key, addedAtMs: 0, addedBy: '' }))
    this.#secrets = this.#keys.map(({ key }) => key)
    this.follow()
  }

  /** The current one first, then the newest; at least one, at most `RING_KEYS_MAX`. */
  get keys(): readonly RingKey[] {
    return this.#keys
  }

  /** As `keys`; the same array until they change. */
  get secrets(): readonly Uint8Array[] {
    return this.#secrets
  }

  get primary(): RingKey | undefined {
    return this.#keys[0]
  }

  /** The id of the first key that this cluster had, by which nodes of one cluster know each other whatever came after. */
  get origin(): string {
    const origin = this.registry.get(RING)?.['origin']
    return typeof origin === 'string' ? origin : this.#first
  }

  /** After a change of the registry. `false`: the same keys are in force as before. */
  follow(): boolean {
    const found = this.#found()
    // Two that were removed at once, each as the other's successor: whoever has none left could never come back.
    if (found.length === 0) return false
    const wanted = this.#wanted()
    const current = found.find(({ id }) => id === wanted) ?? found[0]
    const keys = [...(current === undefined ? [] : [current]), ...found.filter((key) => key !== current)]
    const before = this.#keys.map(({ id }) => id).join()
    this.#keys = keys.slice(0, RING_KEYS_MAX).map(({ stamp: _, ...key }) => key)
    if (this.#keys.map(({ id }) => id).join() === before) return false
    this.#secrets = this.#keys.map(({ key }) => key)
    return true
  }

  /** What the others hold is known here: what the file says does not count any more. As `follow`. */
  caughtUp(): boolean {
    if (this.#given === undefined || this.#chosen() === undefined) return false
    this.#given = undefined
    return this.follow()
  }

  /** The first key that begins with `text`, or why there is none. */
  find(text: string): RingKey | { readonly why: string } {
    const [key, other] = this.#keys.filter(({ id }) => id.startsWith(text.toLowerCase()))
    if (key === undefined || text === '') return { why: `there is no key ${text} in the ring` }
    return other === undefined ? key : { why: `${text} may be ${key.id} or ${other.id}` }
  }

  /** Nodes that have held the ring and neither left the cluster nor were given up. */
  get members(): ReadonlyMap<NodeId, string> {
    const found = this.registry.entries().filter(([name]) => name.startsWith(MEMBER))
    return new Map(found.map(([name, fields]) => [name.slice(MEMBER.length), String(fields['name'] ?? '')]))
  }

  /** It has held the ring, and neither left nor was given up. */
  isEnrolled(node: NodeId): boolean {
    return this.registry.get(MEMBER + node) !== undefined
  }

  noted(node: NodeId): Noted | undefined {
    const { held, guessed } = this.registry.get(MEMBER + node) ?? {}
    return typeof held === 'string' ? { held: held.split(' '), isGuess: guessed === true } : undefined
  }

  /** Nodes that may not take part, by their ids; the last one first, whoever looks. */
  get bans(): ReadonlyMap<NodeId, Ban> {
    const found = this.registry.state().flatMap((entry) => {
      const fields = entry.name.startsWith(BAN) ? fieldsOf(entry) : undefined
      const stamp = latestStamp(entry)
      return fields === undefined || stamp === undefined ? [] : [{ node: entry.name.slice(BAN.length), fields, stamp }]
    })
    found.sort((a, b) => compareStamps(b.stamp, a.stamp))
    return new Map(
      found.map(({ node, fields: { name = '', by = '', atMs = 0 } }) => {
        return [node, { name: String(name), by: String(by), atMs: Number(atMs) || 0 }]
      }),
    )
  }

  // --- what is written ---

  banned(node: NodeId, ban: Ban): RegistryWrite[] {
    return [{ name: BAN + node, changes: { ...ban } }, ...this.dismissed([node])]
  }

  unbanned(node: NodeId): RegistryWrite[] {
    return [{ name: BAN + node, changes: undefined }]
  }

  enrolled(node: NodeId, name: string): RegistryWrite[] {
    return this.registry.get(MEMBER + node) === undefined ? [{ name: MEMBER + node, changes: { name } }] : []
  }

  dismissed(nodes: readonly NodeId[]): RegistryWrite[] {
    const known = nodes.filter((node) => this.registry.get(MEMBER + node) !== undefined)
    return known.map((node) => ({ name: MEMBER + node, changes: undefined }))
  }

  /** `undefined`: it lives, and says so itself. Nothing to write where that is known already. */
  noting(node: NodeId, noted: Noted | undefined): RegistryWrite[] {
    const before = this.noted(node)
    const isSame = before?.held.join() === noted?.held.join() && before?.isGuess === noted?.isGuess
    // Whoever was given up a moment ago is not enrolled anew by this.
    if (isSame || !this.isEnrolled(node)) return []
    const held = noted === undefined ? null : noted.held.join(' ')
    return [{ name: MEMBER + node, changes: { held, guessed: noted?.isGuess === true ? true : null } }]
  }

  added(key: Uint8Array, atMs: number, by: string): RegistryWrite[] {
    const changes = { key: formatClusterKey(key), addedAtMs: atMs, addedBy: by }
    return [{ name: PREFIX + this.idOf(key), changes }]
  }

  used(id: string): RegistryWrite[] {
    this.#given = undefined
    return [{ name: RING, changes: { primary: id, origin: this.origin } }]
  }

  removed(id: string): RegistryWrite[] {
    return [{ name: PREFIX + id, changes: undefined }]
  }

  #wanted(): string | undefined {
    return this.#given ?? this.#chosen()
  }

  #chosen(): string | undefined {
    const primary = this.registry.get(RING)?.['primary']
    return typeof primary === 'string' ? primary : undefined
  }

  /** The newest first, whoever looks. */
  #found(): Found[] {
    const found = this.registry.state().flatMap((entry) => this.#read(entry) ?? [])
    return found.sort((a, b) => compareStamps(b.stamp, a.stamp) || (a.id < b.id ? -1 : 1))
  }

  #read({ name, cells }: Entry): Found | undefined {
    const fields: Fields | undefined = this.registry.get(name)
    const stamp = cells.get('key')?.stamp
    const text = fields?.['key']
    if (!name.startsWith(PREFIX) || stamp === undefined || typeof text !== 'string') return undefined
    const parsed = parseClusterKey(text)
    const id = name.slice(PREFIX.length)
    if (parsed.type !== 'key' || this.idOf(parsed.key) !== id) return undefined
    // The same array for the same key: others compare by reference.
    const key = this.#keys.find((one) => one.id === id)?.key ?? parsed.key
    const { addedAtMs = 0, addedBy = '' } = fields ?? {}
    return { id, key, stamp, addedAtMs: Number(addedAtMs) || 0, addedBy: String(addedBy) }
  }
}

function firstEntry(id: string, key: Uint8Array): Entry {
  return {
    name: PREFIX + id,
    removed: undefined,
    cells: new Map([['key', { value: formatClusterKey(key), stamp: BEGINNING }]]),
  }
}
