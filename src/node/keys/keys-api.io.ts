/** Answers `baton keys`: changes the ring, and waits until all that live have confirmed each step. */
import { setTimeout as pause } from 'node:timers/promises'
import { formatEndpoint } from '../../base/address.js'
import type { Clock } from '../../base/clock.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import { type Bootstrap, formatBootstrap } from '../../gossip/discovery/bootstrap.js'
import { formatClusterKey, parseClusterKey } from '../../trunk/cluster-key.js'
import { formatToken } from '../../trunk/join-token.js'
import { clusterKeyId, newClusterKey } from '../../trunk/keys.io.js'
import { Names } from '../control/status.js'
import type { Node } from '../node.io.js'
import { refuseMinority } from '../write-quorum.js'
import { Bans } from './bans.io.js'
import { RING_KEYS_MAX, type RingKey } from './key-ring.js'
import type { KeySharing } from './key-sharing.io.js'
import { KeyStanding } from './key-standing.js'
import type {
  BanRequest,
  BanView,
  KeyAddRequest,
  KeysChanged,
  KeysControl,
  KeysView,
  RotationView,
  TokenView,
} from './keys-protocol.js'

/** A change is everywhere within some milliseconds; anti-entropy finds within a few seconds what was lost. */
const CONFIRM_MS_MAX: Millis = 4_000
const LOOK_EVERY_MS: Millis = 10
/** In a token, of each kind: one that answers is enough. */
const PLACES_TOLD = 3

export interface KeysApiParts {
  readonly node: Node
  readonly keys: KeySharing
  readonly clock: Clock
  readonly logger: Logger
  readonly linked: () => readonly NodeId[]
  /** Of this node. */
  readonly bootstraps: readonly Bootstrap[]
}

export class KeysApi implements KeysControl {
  readonly #bans: Bans
  #isRotating = false

  constructor(private readonly parts: KeysApiParts) {
    const standing = () => this.#standing()
    this.#bans = new Bans({ ...parts, standing, rotate: (force) => this.rotate(force) })
  }

  ban(request: BanRequest): Promise<BanView> {
    return this.#bans.ban(request)
  }

  unban(node: string, force: boolean): Promise<BanView> {
    return this.#bans.unban(node, force)
  }

  /** They have left, or were given up. */
  dismiss(nodes: readonly NodeId[]): void {
    this.parts.keys.dismiss(nodes)
  }

  async token(): Promise<TokenView> {
    const { node, keys } = this.parts
    const others = node.knowledge.members.filter(({ profile, state }) => {
      return state === 'alive' && profile.node !== node.self.node
    })
    const seeds = [node.self, ...others.map(({ profile }) => profile)].map(({ gossip }) => formatEndpoint(gossip))
    const [key = new Uint8Array(0)] = keys.ring.secrets
    const places = {
      seeds: seeds.slice(0, PLACES_TOLD),
      bootstraps: this.parts.bootstraps.slice(0, PLACES_TOLD).map(formatBootstrap),
    }
    return { token: formatToken({ key, origin: keys.ring.origin, ...places }), ...places }
  }

  async list(reveal: boolean): Promise<KeysView> {
    return this.#view(reveal)
  }

  async add({ key: text, force }: KeyAddRequest): Promise<KeysChanged> {
    const key = text === undefined ? newClusterKey() : readKey(text)
    return this.#add(key, force)
  }

  async use(text: string, force: boolean): Promise<KeysChanged> {
    const key = this.#known(text)
    if (!force) {
      refuseMinority(this.parts)
      this.#standing().refuseUse(key)
    }
    return this.#use(key)
  }

  async remove(text: string, force: boolean): Promise<KeysChanged> {
    const key = this.#known(text)
    if (!force) refuseMinority(this.parts)
    this.#standing().refuseRemoval(key, force)
    return this.#remove(key)
  }

  async rotate(force: boolean): Promise<RotationView> {
    if (this.#isRotating) throw new BatonError('ERR_KEY_CONFLICT', 'a rotation is under way on this node')
    this.#isRotating = true
    const { clock } = this.parts
    const startedAt = clock.now()
    try {
      if (!force) refuseMinority(this.parts)
      await this.#makeRoom(force)
      const { id } = await this.#add(newClusterKey(), force)
      await this.#useOrTakeBack(id, force)
      this.#refuseOther(id)
      // The oldest first: of those that somebody who is down may come back by, the newest stays.
      const old = this.parts.keys.ring.keys.filter((key) => key.id !== id).reverse()
      const kept: { id: string; why: string }[] = []
      for (const key of old) {
        try {
          this.#standing().refuseRemoval(key, force)
          await this.#remove(key)
        } catch (error) {
          if (!(error instanceof BatonError)) throw error
          kept.push({ id: key.id, why: error.message })
        }
      }
      const removed = old.filter((key) => !kept.some((one) => one.id === key.id)).map((key) => key.id)
      return { ...this.#view(false), id, removed, kept, ms: Math.round(clock.now() - startedAt) }
    } finally {
      this.#isRotating = false
    }
  }

  /** What earlier rotations had to leave, and nobody needs any more. */
  async #makeRoom(force: boolean): Promise<void> {
    const isFull = () => this.parts.keys.ring.keys.length >= RING_KEYS_MAX
    for (let tries = 0; isFull() && tries < RING_KEYS_MAX; tries++) {
      const [key] = this.#standing().spare(force)
      if (key === undefined) return
      await this.#remove(key)
    }
  }

  /** A rotation that is refused half way leaves no key behind: each try would bring another. */
  async #useOrTakeBack(id: string, force: boolean): Promise<void> {
    try {
      await this.use(id, force)
    } catch (error) {
      const isUnused = this.#standing()
        .spare(true)
        .some((key) => key.id === id)
      if (error instanceof BatonError && error.code === 'ERR_KEY_NOT_HELD' && isUnused) {
        this.parts.keys.writeAsked(this.parts.keys.ring.removed(id))
        this.#changed('remove', id, [])
      }
      throw error
    }
  }

  async #add(key: Uint8Array, force: boolean): Promise<KeysChanged> {
    const { node, keys, clock } = this.parts
    const id = clusterKeyId(key)
    if (keys.ring.keys.some((one) => one.id === id)) {
      throw new BatonError('ERR_KEY_EXISTS', `key ${id} is in the ring already`)
    }
    if (!force) refuseMinority(this.parts)
    const standing = this.#standing()
    if (keys.ring.keys.length >= RING_KEYS_MAX) throw standing.ringFull()
    keys.writeAsked([...standing.notes(), ...keys.ring.added(key, clock.wall(), node.self.name)])
    await this.#until(() => this.#standing().lacking(id).length === 0)
    return this.#changed('add', id, this.#standing().lacking(id))
  }

  async #use({ id }: RingKey): Promise<KeysChanged> {
    const { keys } = this.parts
    keys.writeAsked(keys.ring.used(id))
    await this.#until(() => keys.ring.primary?.id !== id || this.#standing().notUsing(id).length === 0)
    this.#refuseOther(id)
    return this.#changed('use', id, this.#standing().notUsing(id))
  }

  async #remove({ id }: RingKey): Promise<KeysChanged> {
    const { keys } = this.parts
    keys.writeAsked(keys.ring.removed(id))
    await this.#until(() => this.#standing().holding(id).length === 0)
    return this.#changed('remove', id, this.#standing().holding(id))
  }

  /** Somebody else has had another one used in the meantime: the last one counts. */
  #refuseOther(id: string): void {
    const current = this.parts.keys.ring.primary
    if (current === undefined || current.id === id) return
    const who = current.addedBy === '' ? '' : `, which ${current.addedBy} has added`
    const hint = '`baton keys list` shows how things are now'
    throw new BatonError('ERR_KEY_CONFLICT', `another rotation came in between: key ${current.id} is used${who}`, {
      hint,
    })
  }

  #changed(change: 'add' | 'use' | 'remove', id: string, waiting: readonly NodeId[]): KeysChanged {
    const names = this.#names()
    this.parts.logger.log('info', 'keyring-changed', { change, key: id, waiting: waiting.length })
    return { ...this.#view(false), id, waiting: waiting.map((node) => names.ref(node)) }
  }

  #view(reveal: boolean): KeysView {
    return this.#standing().view(({ key }) => (reveal ? formatClusterKey(key) : undefined))
  }

  #standing(): KeyStanding {
    const { node, keys } = this.parts
    const { members } = node.knowledge
    return new KeyStanding({
      ring: keys.ring,
      members,
      voters: node.machines.elections.electorate().voters,
      names: this.#names(),
      heldBy: (one) => keys.heldBy(one),
    })
  }

  /** Also of those that are known by the ring alone. */
  #names(): Names {
    const { node, keys } = this.parts
    return new Names(node.knowledge.members, keys.ring.members)
  }

  /** Throws ERR_KEY_UNKNOWN. */
  #known(text: string): RingKey {
    const found = this.parts.keys.ring.find(text)
    if (!('why' in found)) return found
    const ids = this.parts.keys.ring.keys.map(({ id }) => id).join(', ')
    throw new BatonError('ERR_KEY_UNKNOWN', found.why, { hint: `keys are: ${ids}` })
  }

  async #until(isDone: () => boolean): Promise<void> {
    const { clock } = this.parts
    const end = clock.now() + CONFIRM_MS_MAX
    while (!isDone() && clock.now() < end) await pause(LOOK_EVERY_MS)
  }
}

function readKey(text: string): Uint8Array {
  const parsed = parseClusterKey(text)
  if (parsed.type === 'key') return parsed.key
  throw new BatonError('ERR_CLUSTER_KEY_INVALID', `the cluster key is not valid: ${parsed.why}`, {
    hint: 'leave it out, and one is made',
  })
}
