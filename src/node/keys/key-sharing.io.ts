/**
 * The keyring among nodes: one registry (key-ring) that `Sync` spreads over control links as it spreads services, and what
 * each node says of itself, that it holds a key and which it seals with. That word is given only after the ring is on the disk and in force,
 * so a key that all have acknowledged can be used, whoever crashes.
 */

import { toHex } from '../../base/bytes.js'
import type { AlarmClock } from '../../base/clock.js'
import { Driver } from '../../base/driver.io.js'
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Prng } from '../../base/prng.js'
import { type Fact, Facts } from '../../gossip/facts.js'
import type { KeyChoice } from '../../gossip/key-choice.js'
import type { Member } from '../../gossip/ports.js'
import { type RegistryWrite, Sync, type SyncEffect, type SyncEvent } from '../../gossip/sync.js'
import type { KeyRing, RingKey } from './key-ring.js'
import { decodeKeyWord, encodeKeyWord, type KeyWord } from './key-word.js'

export interface KeySharingParts {
  readonly self: { readonly node: NodeId; readonly boot: number; readonly name: string }
  readonly ring: KeyRing
  readonly clock: AlarmClock
  readonly random: Prng
  readonly logger: Logger
  readonly choice: Pick<KeyChoice, 'setHeld'>
  readonly send: (to: NodeId, bytes: Uint8Array) => void
  /** Durable when it returns `true`; `false` on a disk that takes nothing: it is tried again. */
  readonly save: () => boolean
  /** The keys in force, the current one first, are used from now on. */
  readonly apply: (keys: readonly RingKey[]) => void
  /** These nodes, all of them, may not take part from now on: links are cut before this returns. */
  readonly ban: (nodes: ReadonlySet<NodeId>) => void
  /** What an earlier process of this life knew. */
  readonly carried?: readonly Fact[] | undefined
}

export class KeySharing {
  readonly ring: KeyRing
  readonly #facts: Facts
  readonly #sync: Sync
  readonly #driver: Driver<SyncEvent, SyncEffect>
  #members: readonly Member[] = []
  #isChanged = false
  #isUnsaved = false
  #isLeaving = false
  #banned: Set<NodeId> = new Set()

  constructor(private readonly parts: KeySharingParts) {
    const { self, ring, clock, random, carried } = parts
    this.ring = ring
    this.#facts = new Facts({ node: self.node, boot: self.boot })
    if (carried !== undefined) this.#facts.resume(carried)
    this.#sync = new Sync({ registry: ring.registry, facts: this.#facts, clock, random })
    this.#driver = new Driver(this.#sync, clock, (effect) => this.#perform(effect))
    this.#followBans()
    this.#apply()
    this.#enrol()
  }

  /** What each node says of its ring, for the process that takes this one's place. */
  get facts(): readonly Fact[] {
    return this.#facts.all()
  }

  /** Ids of the keys that a node has said it holds, the current one first; `undefined`: it has said nothing. */
  heldBy(node: NodeId): readonly string[] | undefined {
    return this.#wordOf(node)?.held
  }

  /** It has said that it takes nothing from that one any more. */
  refuses(node: NodeId, banned: NodeId): boolean {
    return this.#wordOf(node)?.banned.includes(banned) === true
  }

  isBanned(node: NodeId): boolean {
    return this.#banned.has(node)
  }

  write(writes: readonly RegistryWrite[]): void {
    this.#feed({ type: 'batch', writes })
  }

  /** As `write`, for whoever can be told why not. Throws ERR_KEY_REFUSED. */
  writeAsked(writes: readonly RegistryWrite[]): void {
    const problems = this.ring.registry.checkAll(
      writes.flatMap(({ name, changes }) => (changes === undefined ? [] : [[name, changes] as const])),
    )
    if (problems.length > 0) {
      const hint =
        'members that are gone for good take room (`baton forget`), and so do bans that nobody needs any more (`baton unban`)'
      throw new BatonError('ERR_KEY_REFUSED', `the keyring does not take it: ${problems.join('; ')}`, { hint })
    }
    this.write(writes)
  }

  linkUp(peer: NodeId): void {
    this.#feed({ type: 'link-up', peer })
  }

  linkDown(peer: NodeId): void {
    this.#feed({ type: 'link-down', peer })
  }

  receive(from: NodeId, bytes: Uint8Array): void {
    this.#feed({ type: 'message', from, bytes })
    if (this.#sync.hasCaughtUp && this.ring.caughtUp()) this.#follow()
  }

  forget(node: NodeId): void {
    this.#feed({ type: 'forget', node })
  }

  /** They have left, or were given up: nothing is kept for them. */
  dismiss(nodes: readonly NodeId[]): void {
    this.#isLeaving ||= nodes.includes(this.parts.self.node)
    const writes = this.ring.dismissed(nodes)
    if (writes.length > 0) this.write(writes)
  }

  /** Where members live. To be said again whenever that changes. */
  setMembers(members: readonly Member[]): void {
    this.#members = members
    this.#tellHeld()
  }

  stop(): void {
    this.#driver.stop()
  }

  #wordOf(node: NodeId): KeyWord | undefined {
    const fact = this.#facts.get(node)
    return fact === undefined ? undefined : decodeKeyWord(fact.bytes)
  }

  #feed(event: SyncEvent): void {
    this.#driver.feed(event)
    if (this.#isChanged || this.#isUnsaved) this.#follow()
  }

  #perform(effect: SyncEffect): void {
    switch (effect.type) {
      case 'send':
        return this.parts.send(effect.to, effect.bytes)
      case 'persist':
        this.ring.follow()
        // Before anything of this is passed on: a key that comes with a ban is not for whom the ban is for.
        this.#followBans()
        this.#isUnsaved = !this.parts.save()
        return
      case 'changed':
        this.#isChanged = true
        return
      case 'facts-changed':
        return this.#tellHeld()
      case 'rejected':
        return this.parts.logger.log('warn', 'keyring-rejected', { why: effect.why })
    }
  }

  #follow(): void {
    this.#isChanged = false
    this.#isUnsaved = !this.parts.save()
    this.#apply()
    this.#enrol()
  }

  /** Anew where it was given up, and is back. */
  #enrol(): void {
    const { node, name } = this.parts.self
    const writes = this.#isLeaving ? [] : this.ring.enrolled(node, name)
    if (writes.length > 0) this.write(writes)
  }

  #followBans(): void {
    const before = this.#banned
    this.#banned = new Set(this.ring.bans.keys())
    // Two that ban each other: a node goes on as it is, and the others decide.
    this.#banned.delete(this.parts.self.node)
    const isSame = this.#banned.size === before.size && [...before].every((node) => this.#banned.has(node))
    if (!isSame) this.parts.ban(this.#banned)
  }

  /** On the disk and in force first, and only then said. */
  #apply(): void {
    const { keys, primary } = this.ring
    this.parts.apply(keys)
    const held = keys.map(({ id }) => id)
    // The last ones first: of more than a word holds, those are left out that all have heard of long ago.
    const banned = [...this.#banned]
    const word = encodeKeyWord({ held, banned })
    const said = this.#facts.get(this.parts.self.node)?.bytes
    if (this.#isUnsaved || (said !== undefined && toHex(said) === toHex(word))) return
    if (said !== undefined) this.parts.logger.log('info', 'keyring', { current: primary?.id, keys: held.join(' ') })
    this.#driver.feed({ type: 'facts', bytes: word })
    this.#tellHeld()
  }

  #tellHeld(): void {
    const held = this.#members.map(({ profile }) => ({ at: profile.gossip, held: this.heldBy(profile.node) ?? [] }))
    this.parts.choice.setHeld(held)
  }
}
