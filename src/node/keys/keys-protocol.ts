/** What `baton keys` and the node say to each other: bodies of `/v1/keys`. */
import type { Millis } from '../../base/time.js'
import type { NodeRef } from '../control/node-ref.js'

export interface KeyView {
  /** 16 hex digits; tells nothing of the key. */
  readonly id: string
  /** The node that was asked seals with it. */
  readonly primary: boolean
  /** Milliseconds since 1970 by the clock of the node where it was added; `null`: from the beginning. */
  readonly addedAtMs: number | null
  readonly addedBy: string | null
  /** Members that hold it, as they have said themselves; those that are down as they said last. */
  readonly heldBy: readonly NodeRef[]
  /** Of those, the ones that seal with it. */
  readonly primaryOn: readonly NodeRef[]
  /** Members that live and do not hold it. */
  readonly lackedBy: readonly NodeRef[]
  /** Only where it was asked for. */
  readonly secret?: string
}

export interface KeysView {
  /** The current one first. */
  readonly keys: readonly KeyView[]
  /** Members that have said nothing of their keys: of an earlier release, or without a link. */
  readonly silent: readonly NodeRef[]
  /** Nodes that are down or were stopped, and neither left nor were given up. */
  readonly absent: readonly NodeRef[]
  /** Nodes that may not take part, with their names at that time. */
  readonly banned: readonly (NodeRef & { readonly by: string; readonly atMs: number })[]
}

/** After a change: how the ring is now, and what came of it. */
export interface KeysChanged extends KeysView {
  /** The key that was added, is used or was removed. */
  readonly id: string
  /** Nodes that have not confirmed it yet; empty: all that live have. */
  readonly waiting: readonly NodeRef[]
}

export interface RotationView extends KeysView {
  readonly id: string
  readonly removed: readonly string[]
  /** Keys that stay, since somebody may need them to come back. */
  readonly kept: readonly { readonly id: string; readonly why: string }[]
  readonly ms: Millis
}

export interface KeyAddRequest {
  /** As text; a new one is made if not given. */
  readonly key?: string
  readonly force: boolean
}

export interface TokenView {
  /** A secret: who has it can join. */
  readonly token: string
  readonly seeds: readonly string[]
  /** `HOST:PORT`: of a node that is found by swarm, where others may begin too. */
  readonly bootstraps: readonly string[]
}

/** `node`: a name, or the beginning of an id. */
export interface BanRequest {
  readonly node: string
  /** With a new key in the place of all others. */
  readonly rotate: boolean
  /** Without a majority of those that stay. */
  readonly force: boolean
}

export interface BanView {
  readonly node: NodeRef
  readonly banned: boolean
  /** Nodes that have not confirmed it yet. */
  readonly waiting: readonly NodeRef[]
  /** Its seat among the voters; `none`: it had none. */
  readonly seat: 'none' | 'removed' | 'remains'
  readonly rotation?: RotationView
  /** The ban holds; the rotation that was wanted with it was refused. */
  readonly rotationRefused?: { readonly code: string; readonly message: string; readonly hint?: string }
  /** Where a rotation was wanted: keys that it may know and that are still in the ring. With one of them it can come back. */
  readonly knownKeys?: readonly string[]
}

export interface KeysControl {
  ban(request: BanRequest): Promise<BanView>
  unban(node: string, force: boolean): Promise<BanView>
  /** For the next host: the current key, and where nodes are. */
  token(): Promise<TokenView>
  /** `reveal`: with the keys themselves. */
  list(reveal: boolean): Promise<KeysView>
  add(request: KeyAddRequest): Promise<KeysChanged>
  /** `id`: or its beginning. */
  use(id: string, force: boolean): Promise<KeysChanged>
  remove(id: string, force: boolean): Promise<KeysChanged>
  /** Adds a new key, uses it and removes the others, each step when all that live have confirmed the one before. */
  rotate(force: boolean): Promise<RotationView>
}
