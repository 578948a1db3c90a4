/** Who holds which key of the ring, as each has said itself, and what may therefore be done with it. */
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Member } from '../../gossip/ports.js'
import type { RegistryWrite } from '../../gossip/sync.js'
import type { Names } from '../control/status.js'
import type { KeyRing, Noted, RingKey } from './key-ring.js'
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
    const needing = this.needing(id)
    if (force || needing.length === 0) return
    const message = `${id} may be the only key by which ${this.#named(needing)} can come back`
    const names = this.#names(needing).join(' ')
    const hint = `start them first; if they are gone for good: baton forget ${names}; --force removes it all the same, and then they need the current one: \`baton up --token\``
    throw new BatonError('ERR_KEY_NEEDED', message, { hint })
  }

  /**
   * Who could not come back without this key: of those that do not hold the current one, whoever has no newer one than this, and
   * whoever may have no other. The newest, so that two who remove keys at once leave the same one.
   */
  needing(id: string): NodeId[] {
    return [...this.live, ...this.absent].filter((node) => this.#needs(node, id))
  }

  /** Which keys may go, the oldest first. */
  spare(force: boolean): RingKey[] {
    const current = this.parts.ring.primary?.id
    const isSpare = ({ id }: RingKey) => {
      const isUsed = this.live.some((node) => this.parts.heldBy(node)?.[0] === id)
      return id !== current && !isUsed && (force || this.needing(id).length === 0)
    }
    return this.parts.ring.keys.filter(isSpare).reverse()
  }

  /** ERR_KEY_RING_FULL, with a way out that will be allowed. */
  ringFull(): BatonError {
    const [spare] = this.spare(false)
    const { keys } = this.parts.ring
    const needing = [...new Set(keys.flatMap(({ id }) => this.needing(id)))]
    const names = this.#names(needing)
    const gone = this.absent.filter((node) => needing.includes(node))
    const forget = gone.length === 0 ? '' : `, or, if gone for good: baton forget ${this.#names(gone).join(' ')}`
    const hint =
      spare !== undefined
        ? `nobody needs ${spare.id}: \`baton keys remove ${spare.id}\``
        : needing.length > 0
          ? `the others may be needed by ${names.join(', ')}: start them first${forget}; \`baton keys remove ID --force\` removes one all the same`
          : 'the others are in use: `baton keys list` shows where; try again in a moment'
    return new BatonError('ERR_KEY_RING_FULL', `the ring holds ${keys.length} keys already`, { hint })
  }

  /** What has to be remembered of those that are down, before there is another key. */
  notes(): RegistryWrite[] {
    const { ring } = this.parts
    const back = this.live.filter((node) => this.#saidBy(node) !== undefined && ring.noted(node) !== undefined)
    return [
      ...back.flatMap((node) => ring.noting(node, undefined)),
      ...this.absent.flatMap((node) => ring.noting(node, this.#takenOf(node))),
    ]
  }

  #needs(node: NodeId, id: string): boolean {
    const { ring } = this.parts
    const { held, isGuess } = this.#takenOf(node)
    if (isGuess) return held.includes(id)
    // Also where it holds none of the ring: somebody has forced that, and no key that is there can help it.
    return !held.includes(ring.primary?.id ?? '') && ring.keys.find((key) => held.includes(key.id))?.id === id
  }

  #takenOf(node: NodeId): Noted {
    const { ring } = this.parts
    const said = this.#saidBy(node)
    if (said !== undefined) return { held: said, isGuess: false }
    const isLive = this.live.includes(node)
    const noted = isLive ? undefined : ring.noted(node)
    // Known by its vote alone: of an earlier release, which holds what there was in the beginning, or given up just now.
    const isStrange = !isLive && !ring.isEnrolled(node)
    const ids = ring.keys.filter((key) => !isStrange || key.addedAtMs === 0).map((key) => key.id)
    // A note of which nothing is left is older than the ring: it was back meanwhile, or a key was taken from it by force.
    return noted?.held.some((key) => ids.includes(key)) === true ? noted : { held: ids, isGuess: true }
  }

  #saidBy(node: NodeId): readonly string[] | undefined {
    const held = this.parts.heldBy(node)
    return held === undefined || held.length === 0 ? undefined : held
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
