/** Who holds which key of the ring, as each has said itself, and what may therefore be done with it. */
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Member } from '../../gossip/ports.js'
import type { Names } from '../control/status.js'
import type { KeyRing, RingKey } from './key-ring.js'
import type { KeysView, KeyView } from './keys-protocol.js'

export interface StandingParts {
  readonly ring: KeyRing
  readonly members: readonly Member[]
  readonly voters: readonly NodeId[]
  readonly names: Names
  /** Ids, the current one first; `undefined`: it has said nothing. */
  readonly heldBy: (node: NodeId) => readonly string[] | undefined
}

export class KeyStanding {
  readonly live: readonly NodeId[]
  /** Nodes that are down or were stopped, and neither left nor were given up. */
  readonly absent: readonly NodeId[]

  constructor(private readonly parts: StandingParts) {
    const { members, voters } = parts
    const isLive = ({ state }: Member) => state === 'alive' || state === 'suspect'
    const { bans } = parts.ring
    this.live = members.filter((one) => isLive(one) && !bans.has(one.profile.node)).map(({ profile }) => profile.node)
    const known = [...parts.ring.members.keys(), ...voters]
    this.absent = [...new Set(known)].filter((node) => !this.live.includes(node) && !bans.has(node))
  }

  /** Of those that live. */
  lacking(id: string): NodeId[] {
    return this.live.filter((node) => this.parts.heldBy(node)?.includes(id) !== true)
  }

  /** Those that live and have not said that they seal with it. */
  notUsing(id: string): NodeId[] {
    return this.live.filter((node) => this.parts.heldBy(node)?.[0] !== id)
  }

  holding(id: string): NodeId[] {
    return this.live.filter((node) => this.parts.heldBy(node)?.includes(id) === true)
  }

  /** Throws ERR_KEY_NOT_HELD. */
  refuseUse({ id }: RingKey): void {
    const lacking = this.lacking(id)
    if (lacking.length === 0) return
    const message = `key ${id} cannot be used yet: ${this.#named(lacking)} ${lacking.length === 1 ? 'has' : 'have'} not said that they hold it, and would hear nobody`
    const hint = this.#silent(lacking)
      ? 'a node that says nothing of its keys is of an earlier release, or has no control link: upgrade it, or look at `baton status`; --force uses it all the same'
      : 'try again in a moment; `baton keys list` shows who holds what; --force uses it all the same'
    throw new BatonError('ERR_KEY_NOT_HELD', message, { hint })
  }

  /** Throws ERR_KEY_PRIMARY, ERR_KEY_IN_USE, ERR_KEY_NEEDED. */
  refuseRemoval({ id }: RingKey, force: boolean): void {
    const current = this.parts.ring.primary?.id
    if (id === current) {
      const hint = 'have another one used first: `baton keys add`, `baton keys use ID`'
      throw new BatonError('ERR_KEY_PRIMARY', `key ${id} is the current one on this node`, { hint })
    }
    const users = this.live.filter((node) => this.parts.heldBy(node)?.[0] === id)
    if (users.length > 0) {
      const hint = 'they follow within moments of `baton keys use`: try again; `baton keys list` shows who uses what'
      throw new BatonError('ERR_KEY_IN_USE', `key ${id} is still the current one on ${this.#named(users)}`, { hint })
    }
    const needing = this.needing()
    if (force || needing.length === 0) return
    const message = `${this.#named(needing)} may have no other key than ${id}, and could not come back without it`
    const names = this.#names(needing).join(' ')
    const hint = `start them first; if they are gone for good: baton forget ${names}; --force removes it all the same, and then they need the current one: \`baton up --token\``
    throw new BatonError('ERR_KEY_NEEDED', message, { hint })
  }

  /** Whoever may not hold the current key: absent, or live and silent. */
  needing(): NodeId[] {
    const current = this.parts.ring.primary?.id ?? ''
    return [
      ...this.lacking(current),
      ...this.absent.filter((node) => this.parts.heldBy(node)?.includes(current) !== true),
    ]
  }

  view(reveal: (key: RingKey) => string | undefined): KeysView {
    const { ring, names } = this.parts
    const all = [...this.live, ...this.absent]
    const refs = (nodes: readonly NodeId[]) => nodes.map((node) => names.ref(node))
    const viewOf = (key: RingKey): KeyView => {
      const { id, addedAtMs, addedBy } = key
      const secret = reveal(key)
      const heldBy = all.filter((node) => this.parts.heldBy(node)?.includes(id) === true)
      return {
        id,
        primary: id === ring.primary?.id,
        addedAtMs: addedAtMs === 0 ? null : addedAtMs,
        addedBy: addedBy === '' ? null : addedBy,
        heldBy: refs(heldBy),
        primaryOn: refs(heldBy.filter((node) => this.parts.heldBy(node)?.[0] === id)),
        lackedBy: refs(this.lacking(id)),
        ...(secret === undefined ? {} : { secret }),
      }
    }
    const silent = this.live.filter((node) => this.parts.heldBy(node) === undefined)
    const banned = [...ring.bans].map(([id, { name, by, atMs }]) => ({
      id,
      name: name || names.ref(id).name,
      by,
      atMs,
    }))
    return { keys: ring.keys.map(viewOf), silent: refs(silent), absent: refs(this.absent), banned }
  }

  #silent(nodes: readonly NodeId[]): boolean {
    return nodes.some((node) => this.parts.heldBy(node) === undefined)
  }

  #names(nodes: readonly NodeId[]): string[] {
    return nodes.map((node) => this.parts.names.ref(node).name)
  }

  #named(nodes: readonly NodeId[]): string {
    return this.#names(nodes).join(', ')
  }
}
