/**
 * Membership: who is in the cluster, and who lives. SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips,
 * Currey 2017): probes in shuffled rounds, helpers for a second opinion, suspicion before a verdict, gossip that rides
 * on the probes. This file only composes: beliefs are `View`'s, probes `Detector`'s, packets `Courier`'s. Sealing,
 * sockets, control links and finding addresses are left to others; so is all that follows from a member's death.
 *
 * Two rules keep a cluster whole without further state. Whoever is not held alive hears, with every ping, what is held
 * against it, so it can refute; and whoever writes to us without being held alive becomes a candidate, so it is asked to
 * introduce itself.
 */
import type { Endpoint } from '../base/address.js'
import { assert, unreachable } from '../base/assert.js'
import type { NodeId } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { TimerTable } from '../base/timer-table.js'
import { Absentees } from './absentees.js'
import { CandidateTable } from './candidate-table.js'
import { checkProfile, decodePacket, encodeMessage } from './codec.js'
import type { GossipConfig } from './config.js'
import { Courier } from './courier.js'
import { Detector } from './detector.js'
import {
  type Identity,
  identityOf,
  type Member,
  type MemberProfile,
  type Message,
  type Packet,
  sameIdentity,
} from './messages.js'
import type { SwimEffect, SwimEvent } from './ports.js'
import { Links } from './push-pull.js'
import { sample } from './sample.js'
import { View } from './view.js'
import { Ways } from './ways.js'

type Chore = 'probe' | 'gossip' | 'push-pull' | 'reconnect'

/** Where a packet came from, and so where its answer goes. */
type Origin =
  | { readonly type: 'datagram'; readonly at: Endpoint; readonly sender: NodeId }
  | { readonly type: 'stream'; readonly peer: NodeId }

export interface SwimOptions {
  /** Must pass `checkProfile`. */
  readonly self: MemberProfile
  /** Must pass `checkGossipConfig`. */
  readonly config: GossipConfig
  readonly random: Prng
}

export class Swim implements Machine<SwimEvent, SwimEffect> {
  readonly #config: GossipConfig
  readonly #random: Prng
  readonly #me: Identity
  readonly #view: View
  readonly #courier: Courier
  readonly #detector: Detector
  readonly #candidates: CandidateTable
  readonly #absentees: Absentees
  readonly #links = new Links()
  readonly #ways: Ways
  readonly #chores = new TimerTable<Chore>()
  readonly #effects: SwimEffect[] = []
  #gossipedAt: Millis = Number.NEGATIVE_INFINITY
  #exchangedAt: Millis = Number.NEGATIVE_INFINITY
  #excusedUntil: Millis = Number.NEGATIVE_INFINITY

  constructor({ self, config, random }: SwimOptions) {
    assertEncodable(self)
    const perform = (effect: SwimEffect) => this.#effects.push(effect)
    this.#config = config
    this.#random = random
    this.#me = identityOf({ profile: self })
    this.#view = new View(self, config, random, (change) => perform({ type: 'member', ...change }))
    this.#ways = new Ways(config.membersMax)
    this.#courier = new Courier(this.#me, this.#view, this.#links, this.#ways, config, random, perform)
    this.#detector = new Detector(this.#view, this.#courier, this.#links, this.#ways, config, random)
    this.#candidates = new CandidateTable(config)
    this.#absentees = new Absentees(this.#view.table, config.membersMax, random)
  }

  /** All that are known, this node and the dead included. */
  members(): readonly Member[] {
    return this.#view.table.all()
  }

  /** 0: this node trusts its own senses; up to `awarenessMax`. */
  get localHealth(): number {
    return this.#detector.awareness.score
  }

  handle(event: SwimEvent, now: Millis): void {
    this.#handleEvent(event, now)
    this.#planGossip(now)
  }

  tick(now: Millis): void {
    const due = this.nextDeadline()
    // Whoever calls late was stalled; noticing it here, before anything expires, needs no watchdog to be quicker.
    if (due !== undefined && now - due > this.#config.stallMs) this.#excuse(now - due, now)
    this.#detector.expire(now)
    this.#view.expire(now)
    for (const { at, seq, node } of this.#candidates.due(now)) {
      this.#courier.pingWhoever(at, seq, node === undefined ? undefined : this.#view.table.get(node))
    }
    for (const chore of this.#chores.expire(now)) this.#do(chore, now)
    this.#planGossip(now)
  }

  poll(): SwimEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    const earliest = Math.min(
      this.#chores.next() ?? Number.POSITIVE_INFINITY,
      this.#detector.prober.nextDeadline() ?? Number.POSITIVE_INFINITY,
      this.#view.suspicions.nextDeadline() ?? Number.POSITIVE_INFINITY,
      this.#candidates.nextDeadline() ?? Number.POSITIVE_INFINITY,
    )
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest
  }

  #handleEvent(event: SwimEvent, now: Millis): void {
    switch (event.type) {
      case 'start':
        return this.#start(now)
      case 'carried':
        return this.#view.resume(event.members, now)
      case 'datagram':
        return this.#receive(event.bytes, event.from, now)
      case 'stream':
        return this.#receive(event.bytes, event.from, now)
      case 'candidate':
        if (event.lasting) this.#absentees.remember(event.at)
        return this.#candidates.add(event.at, this.#detector.prober.seq(), undefined, now)
      case 'link-up':
        return this.#linkUp(event.peer, now)
      case 'link-down':
        return this.#linkDown(event.peer, now)
      case 'stalled':
        return this.#excuse(event.ms, now)
      case 'profile':
        return this.#changeProfile(event.profile, now)
      case 'forget':
        return this.#view.forget(event.node, now)
      case 'leave':
        return this.#leave(now)
      default:
        return unreachable(event)
    }
  }

  // ---- on time

  #start(now: Millis): void {
    this.#view.start(now)
    // Spread over one interval, so that members that started together do not act in step.
    const someTimeIn = (intervalMs: Millis) => now + this.#random.between(0, intervalMs)
    this.#chores.set('probe', someTimeIn(this.#config.probeIntervalMs))
    this.#chores.set('reconnect', someTimeIn(this.#config.reconnectIntervalMs))
    this.#chores.set('push-pull', someTimeIn(this.#config.pushPullIntervalMs))
  }

  #do(chore: Chore, now: Millis): void {
    switch (chore) {
      case 'probe':
        return this.#chores.set('probe', this.#detector.probeNext(now))
      case 'gossip':
        return this.#gossip(now)
      case 'reconnect':
        this.#chores.set('reconnect', now + this.#config.reconnectIntervalMs)
        return this.#askAbsentee()
      case 'push-pull': {
        this.#chores.set('push-pull', now + this.#config.pushPullIntervalMs)
        const peer = this.#links.any(this.#random)
        if (peer !== undefined) this.#exchange(() => this.#courier.streamDigest(peer), now)
        return
      }
      default:
        return unreachable(chore)
    }
  }

  #askAbsentee(): void {
    const absentee = this.#absentees.next()
    if (absentee !== undefined) this.#courier.pingWhoever(absentee.at, 0, absentee.member)
  }

  /** The first claim of a burst leaves at once, the next no sooner than an interval later. */
  #planGossip(now: Millis): void {
    if (this.#view.queue.length === 0 || this.#view.table.peers().length === 0) return this.#chores.stop('gossip')
    if (this.#chores.get('gossip') !== undefined) return
    this.#chores.set('gossip', Math.max(now, this.#gossipedAt + this.#config.gossipIntervalMs))
  }

  #gossip(now: Millis): void {
    this.#gossipedAt = now
    for (const member of sample(this.#view.table.peers(), this.#config.gossipFanout, this.#random)) {
      if (this.#view.queue.length > 0) this.#courier.gossip(member)
    }
  }

  // ---- packets

  /** `from`: an address, or the peer of a control link. */
  #receive(bytes: Uint8Array, from: Endpoint | NodeId, now: Millis): void {
    const decoded = decodePacket(bytes)
    if (decoded.type === 'malformed') return
    const { packet } = decoded
    const sender = packet.sender.node
    const origin: Origin =
      typeof from === 'string' ? { type: 'stream', peer: from } : { type: 'datagram', at: from, sender }
    if (packet.sender.node === this.#me.node) return this.#recogniseSelf(packet)
    for (const message of packet.messages) this.#handleMessage(message, origin, now)
    if (origin.type === 'datagram') this.#noteStranger(packet.sender, origin.at, now)
  }

  #handleMessage(message: Message, origin: Origin, now: Millis): void {
    switch (message.kind) {
      case 'claim': {
        // Whoever was cut off comes back with claims that nobody has heard: one that has a link to us may answer first.
        const isDoubtful = origin.type === 'stream' || this.#links.has(message.claim.profile.node)
        const accused = this.#view.accept(message.claim, isDoubtful ? 'state' : 'gossip', now)
        if (accused) this.#detector.awareness.raise(1)
        return
      }
      case 'ping':
        return this.#answerPing(message.seq, message.target, origin)
      case 'ping-req':
        if (origin.type === 'stream') return
        return this.#detector.runErrand(message.target, message.at, origin.at, message.seq, now)
      case 'ack':
        this.#candidates.answered(message.seq)
        if (origin.type === 'datagram' && origin.sender === message.subject.node)
          this.#ways.answered(origin.sender, message.seq)
        return this.#detector.acceptAck(message.seq, message.subject)
      case 'nack':
        return this.#detector.prober.nack(message.seq)
      case 'pull':
        if (origin.type === 'stream') this.#answerPull(origin.peer, message.digest, now)
        return
      default:
        return unreachable(message)
    }
  }

  /** Whoever meant somebody else, or did not know whom it would meet, is told who is here, and of some others. */
  #answerPing(seq: number, target: Identity | undefined, origin: Origin): void {
    const messages = [encodeMessage({ kind: 'ack', seq, subject: this.#me })]
    const expected = target !== undefined && sameIdentity(target, this.#me)
    if (!expected) messages.push(this.#view.claimOf(this.#view.self))
    if (origin.type === 'stream') return this.#courier.stream(origin.peer, messages)
    this.#courier.send(origin.at, messages, expected ? [] : this.#view.table.peers())
  }

  /** A candidate was our own address, or somebody else has our identity. */
  #recogniseSelf({ sender, messages }: Packet): void {
    this.#view.noteRival(sender.boot)
    if (sender.boot !== this.#me.boot) return
    for (const message of messages) if (message.kind === 'ping') this.#candidates.answered(message.seq)
  }

  #noteStranger(sender: Identity, at: Endpoint, now: Millis): void {
    const held = this.#view.table.get(sender.node)
    const strange = held === undefined || held.profile.boot < sender.boot
    const isGone = held?.state === 'down' || held?.state === 'left'
    const revenant = isGone && held.profile.boot === sender.boot
    if (strange || revenant) this.#candidates.add(at, this.#detector.prober.seq(), sender.node, now)
  }

  // ---- control links

  #linkUp(peer: NodeId, now: Millis): void {
    this.#links.up(peer)
    // One exchange serves both; the lower id begins.
    if (this.#me.node < peer) this.#exchange(() => this.#courier.streamDigest(peer), now)
  }

  #answerPull(peer: NodeId, digest: string | undefined, now: Millis): void {
    if (digest === undefined) return this.#courier.streamState(peer, false)
    if (digest !== this.#view.table.digest) this.#exchange(() => this.#courier.streamState(peer, true), now)
  }

  /**
   * Links come up by the hundred when somebody joins or a cut heals, and the first exchange brings all that the others
   * would: so no more than one begins in a probe interval. What one exchange misses, gossip or the next will bring.
   */
  #exchange(begin: () => void, now: Millis): void {
    if (now - this.#exchangedAt < this.#config.probeIntervalMs) return
    this.#exchangedAt = now
    begin()
  }

  /** A hint, no evidence: the link may have broken alone. It is worth a probe at once. */
  #linkDown(peer: NodeId, now: Millis): void {
    this.#links.down(peer)
    if (this.#view.table.get(peer)?.state === 'alive') this.#detector.probe(peer, now)
  }

  // ---- ourselves

  #excuse(ms: Millis, now: Millis): void {
    // A late timer and the watchdog may both report one stall.
    const fresh = Math.min(ms, now - this.#excusedUntil)
    if (!(fresh > 0)) return
    this.#excusedUntil = now
    this.#detector.excuse(fresh, now)
  }

  #changeProfile(profile: MemberProfile, now: Millis): void {
    assertEncodable(profile)
    assert(sameIdentity(profile, this.#me), 'node and boot of a running node do not change')
    this.#view.announce({ profile }, now)
  }

  #leave(now: Millis): void {
    this.#view.announce({ state: 'left' }, now)
    for (const chore of ['probe', 'reconnect', 'push-pull'] as const) this.#chores.stop(chore)
    this.#gossip(now)
  }
}

function assertEncodable(profile: MemberProfile): void {
  const problems = checkProfile(profile)
  assert(problems.length === 0, `own profile can be sent: ${problems.join('; ')}`)
}
