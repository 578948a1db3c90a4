/**
 * Spreads the registry and the facts over the control links. After epidemic replication (Demers and others 1987): news is
 * flooded over all links the moment it is heard ("direct mail" and "rumours" in one; it stops because what is known is no
 * news), and anti-entropy finds what was lost, by comparing one fingerprint with a random peer every few seconds.
 *
 *   link up        digest ⇄ digest, and each sends what the other's digest lacks, then a summary
 *   local change   entries or facts → all linked peers
 *   news           what was new of it → all linked peers but its sender
 *   now and then   summary → one peer; if its own differs: digest (answer) → digest → and each sends what is lacking
 *
 * In a full mesh of n nodes a change costs about n² small messages; changes are rare and n is tens. Links, the disk and
 * what entries and facts mean are left to others. `persist` comes before any `send` of the same write, so nobody hears
 * of a write that this node could lose.
 */

import { unreachable } from '../base/assert.js'
import type { Clock } from '../base/clock.js'
import { type NodeId, shortId } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { FACT_BYTES_MAX, type Fact, type Facts } from './facts.js'
import { ALL_NAMES, type Changes, type Delta, type NameRange, type Registry } from './registry.js'
import { DIGEST_ROWS_MAX, decodeSync, encodeSync, type SyncMessage } from './sync-codec.js'

export interface RegistryWrite {
  readonly name: string
  /** `undefined`: the entry is removed. */
  readonly changes: Changes | undefined
}

export type SyncEvent =
  /** Before the first message from it. Again for a link that replaces another. */
  | { readonly type: 'link-up'; readonly peer: NodeId }
  | { readonly type: 'link-down'; readonly peer: NodeId }
  | { readonly type: 'message'; readonly from: NodeId; readonly bytes: Uint8Array }
  /** Ask `registry.check` before: a refused write shows only as `rejected`. */
  | { readonly type: 'write'; readonly name: string; readonly changes: Changes }
  | { readonly type: 'remove'; readonly name: string }
  /** Several writes as one: saved once, told together. */
  | { readonly type: 'batch'; readonly writes: readonly RegistryWrite[] }
  /** What this node says of itself from now on. */
  | { readonly type: 'facts'; readonly bytes: Uint8Array }
  /** The node is no member any more. */
  | { readonly type: 'forget'; readonly node: NodeId }

export type SyncEffect =
  | { readonly type: 'send'; readonly to: NodeId; readonly bytes: Uint8Array }
  /** Entries that were written or removed, here or elsewhere. */
  | { readonly type: 'changed'; readonly names: readonly string[] }
  | { readonly type: 'facts-changed'; readonly node: NodeId }
  /** The registry must be durable before the next effect is performed. */
  | { readonly type: 'persist' }
  | { readonly type: 'rejected'; readonly why: string }

/**
 * Repairs only what flooding lost, so it may be slow; it bounds how long two nodes can disagree. Times 3/4 … 5/4, so that
 * a cluster does not do it in step.
 */
export const ANTI_ENTROPY_MS: Millis = 3_000

export interface SyncOptions {
  readonly registry: Registry
  readonly facts: Facts
  readonly clock: Pick<Clock, 'wall'>
  readonly random: Prng
  readonly antiEntropyMs?: Millis
}

export class Sync implements Machine<SyncEvent, SyncEffect> {
  readonly #registry: Registry
  readonly #facts: Facts
  readonly #clock: Pick<Clock, 'wall'>
  readonly #random: Prng
  readonly #antiEntropyMs: Millis
  readonly #linked = new Set<NodeId>()
  /** Linked, and not yet sent a summary. */
  readonly #fresh = new Set<NodeId>()
  /** Asked for its digest, and not yet heard to the end. */
  readonly #asked = new Set<NodeId>()
  readonly #effects: SyncEffect[] = []
  #choreAt: Millis | undefined
  #caughtUp = false

  constructor({ registry, facts, clock, random, antiEntropyMs = ANTI_ENTROPY_MS }: SyncOptions) {
    this.#registry = registry
    this.#facts = facts
    this.#clock = clock
    this.#random = random
    this.#antiEntropyMs = antiEntropyMs
  }

  handle(event: SyncEvent, now: Millis): void {
    this.#choreAt ??= this.#nextChore(now)
    switch (event.type) {
      case 'link-up':
        this.#linked.add(event.peer)
        this.#fresh.add(event.peer)
        this.#asked.delete(event.peer)
        return this.#compare(event.peer, false)
      case 'link-down':
        this.#linked.delete(event.peer)
        this.#fresh.delete(event.peer)
        this.#asked.delete(event.peer)
        return
      case 'message':
        return this.#receive(event.from, event.bytes)
      case 'write':
        return this.#spread(this.#apply(event), undefined)
      case 'remove':
        return this.#spread(this.#apply({ name: event.name, changes: undefined }), undefined)
      case 'batch':
        return this.#spread(
          event.writes.flatMap((write) => this.#apply(write)),
          undefined,
        )
      case 'facts':
        return this.#publish(event.bytes)
      case 'forget':
        return this.#facts.forget(event.node)
      default:
        return unreachable(event)
    }
  }

  tick(now: Millis): void {
    if (this.#choreAt === undefined || now < this.#choreAt) return
    this.#choreAt = this.#nextChore(now)
    if (this.#registry.expire(this.#clock.wall())) this.#effects.push({ type: 'persist' })
    const peers = [...this.#linked]
    const peer = peers[this.#random.below(peers.length)]
    if (peer !== undefined) this.#summarize(peer)
  }

  poll(): SyncEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    return this.#choreAt
  }

  /** What a peer held when it was met, all of it, is known here. */
  get hasCaughtUp(): boolean {
    return this.#caughtUp
  }

  #apply({ name, changes }: RegistryWrite): Delta {
    if (changes === undefined) return this.#registry.remove(name, this.#clock.wall())
    const problems = this.#registry.check(name, changes)
    if (problems.length === 0) return this.#registry.write(name, changes, this.#clock.wall())
    this.#reject(problems.join('; '))
    return []
  }

  #publish(bytes: Uint8Array): void {
    const fact = this.#facts.publish(bytes)
    if (fact !== undefined) return this.#spreadFacts([fact], undefined)
    this.#reject(`facts of this node have ${bytes.byteLength} bytes, at most ${FACT_BYTES_MAX} are possible`)
  }

  #receive(from: NodeId, bytes: Uint8Array): void {
    const decoded = decodeSync(bytes)
    if (decoded.type === 'malformed') return this.#reject(`from ${shortId(from)}: ${decoded.why}`)
    for (const message of decoded.messages) this.#hear(from, message)
  }

  #hear(from: NodeId, message: SyncMessage): void {
    switch (message.kind) {
      case 'summary':
        if (message.registry === this.#registry.fingerprint()) this.#caughtUp = true
        else this.#ask(from)
        if (message.facts !== this.#facts.fingerprint()) this.#compareFacts(from, true)
        return
      case 'digest':
        this.#send(from, { kind: 'entries', entries: this.#registry.deltaSince(message.digest) })
        if (message.answer) this.#compareRegistry(from, message.digest, false)
        else if (message.digest.upTo === '') this.#onLastDigest(from)
        return
      case 'fact-digest':
        this.#send(from, { kind: 'facts', facts: this.#facts.since(message.versions) })
        if (message.answer) this.#compareFacts(from, false)
        return
      case 'entries': {
        const { news, ignored } = this.#registry.merge(message.entries, this.#clock.wall())
        for (const why of ignored) this.#reject(`from ${shortId(from)}: ${why}`)
        return this.#spread(news, from)
      }
      case 'facts':
        return this.#spreadFacts(
          message.facts.filter((fact) => this.#learn(from, fact)),
          from,
        )
      default:
        return unreachable(message)
    }
  }

  #learn(from: NodeId, fact: Fact): boolean {
    const learnt = this.#facts.learn(fact)
    if (learnt.type === 'refused') this.#reject(`from ${shortId(from)}: ${learnt.why}`)
    return learnt.type === 'news'
  }

  /** What this node learnt just now, from itself (`undefined`) or another, goes to the disk and to all others. */
  #spread(news: Delta, from: NodeId | undefined): void {
    if (news.length === 0) return
    this.#effects.push({ type: 'persist' })
    this.#flood({ kind: 'entries', entries: news }, from)
    this.#effects.push({ type: 'changed', names: [...new Set(news.map(({ name }) => name))] })
  }

  #spreadFacts(facts: readonly Fact[], from: NodeId | undefined): void {
    if (facts.length === 0) return
    this.#flood({ kind: 'facts', facts }, from)
    for (const { node } of facts) this.#effects.push({ type: 'facts-changed', node })
  }

  #compare(peer: NodeId, answer: boolean): void {
    this.#compareRegistry(peer, ALL_NAMES, answer)
    this.#compareFacts(peer, answer)
  }

  #compareRegistry(peer: NodeId, range: NameRange, answer: boolean): void {
    for (const digest of this.#registry.digests(DIGEST_ROWS_MAX, range)) {
      this.#send(peer, { kind: 'digest', answer, digest })
    }
  }

  #compareFacts(peer: NodeId, answer: boolean): void {
    this.#send(peer, { kind: 'fact-digest', answer, versions: this.#facts.versions() })
  }

  #ask(peer: NodeId): void {
    this.#asked.add(peer)
    this.#compareRegistry(peer, ALL_NAMES, true)
  }

  /** Entries go before digests, and links keep the order: what this peer had for us is here. */
  #onLastDigest(peer: NodeId): void {
    if (this.#asked.delete(peer)) this.#caughtUp = true
    // Once a link: two maps that cannot become equal would go on for ever.
    if (this.#fresh.delete(peer)) this.#summarize(peer)
  }

  #summarize(peer: NodeId): void {
    this.#send(peer, { kind: 'summary', registry: this.#registry.fingerprint(), facts: this.#facts.fingerprint() })
  }

  #nextChore(now: Millis): Millis {
    return now + this.#antiEntropyMs * this.#random.between(0.75, 1.25)
  }

  #send(to: NodeId, message: SyncMessage): void {
    for (const bytes of encodeSync(message)) this.#effects.push({ type: 'send', to, bytes })
  }

  #flood(message: SyncMessage, except: NodeId | undefined): void {
    const packets = encodeSync(message)
    for (const to of this.#linked) {
      if (to === except) continue
      for (const bytes of packets) this.#effects.push({ type: 'send', to, bytes })
    }
  }

  #reject(why: string): void {
    this.#effects.push({ type: 'rejected', why })
  }
}
