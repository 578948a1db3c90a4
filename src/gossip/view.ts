/**
 * What this node believes of the others, and what it passes on: takes claims in, applies precedence, runs suspicions,
 * refutes what is said against this node itself, and queues whatever is news. After SWIM (sections 4.1 and 4.2) and
 * Lifeguard. Who is probed, and all packets, are `Swim`'s.
 */
import { type NodeId, shortId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { BroadcastQueue } from './broadcast-queue.js'
import { encodeMessage } from './codec.js'
import type { GossipConfig } from './config.js'
import { MemberTable } from './member-table.js'
import { type Claim, type Identity, isLive, type Member, type MemberProfile, type MemberState } from './messages.js'
import { ProbeOrder } from './probe-order.js'
import { Suspicions, suspicionLimits } from './suspicion.js'

/**
 * `gossip` is passed on by members as it happens. `state` is somebody's whole view, perhaps from the other side of a
 * partition that has just healed: its dead are only suspected here, so that they can answer first.
 */
export type ClaimSource = 'gossip' | 'state'

export interface MemberChange {
  readonly member: Member
  readonly before: MemberState | undefined
  readonly why: string
}

const BROADCASTS_MAX = 1_024
const INCARNATION_MAX = 2 ** 32 - 1

export class View {
  readonly table: MemberTable
  readonly queue = new BroadcastQueue(BROADCASTS_MAX)
  readonly order: ProbeOrder
  readonly suspicions = new Suspicions()
  readonly #encoded = new WeakMap<Member, Uint8Array>()
  #rivalBoot = 0

  constructor(
    profile: MemberProfile,
    private readonly config: GossipConfig,
    random: Prng,
    private readonly report: (change: MemberChange) => void,
  ) {
    this.table = new MemberTable(profile.node, config.membersMax)
    this.table.begin({ profile, state: 'alive', incarnation: 0 }, 0)
    this.order = new ProbeOrder(random)
  }

  /** This node's own life in the cluster begins. */
  start(now: Millis): void {
    this.table.begin(this.self, now)
  }

  /** Goes on as an earlier process of this life. What this one says of itself is said anew, above what that one said. */
  resume(members: readonly Member[], now: Millis): void {
    for (const member of members) {
      if (member.profile.node !== this.table.self) this.#apply({ ...member, accuser: this.table.self }, undefined, now)
      else this.announce({}, now, member.incarnation)
    }
  }

  get self(): Member {
    return this.table.get(this.table.self) as Member
  }

  /** What we hold of a member, as a message. Members are immutable, so each is encoded once. */
  claimOf(member: Member): Uint8Array {
    const known = this.#encoded.get(member)
    if (known !== undefined) return known
    const message = encodeClaim(member, this.#accuserOf(member))
    this.#encoded.set(member, message)
    return message
  }

  /** `true` if the claim was an accusation against this node, which it has refuted. */
  accept(claim: Claim, source: ClaimSource, now: Millis): boolean {
    if (claim.profile.node === this.table.self) return this.#acceptAboutSelf(claim, now)
    const held = this.table.get(claim.profile.node)
    const doubtful = source === 'state' && claim.state === 'down' && held !== undefined && isLive(held.state)
    this.#apply(doubtful ? { ...claim, state: 'suspect' } : claim, undefined, now)
    return false
  }

  /** Our own probe failed. */
  accuse(target: Identity, now: Millis): void {
    const held = this.table.get(target.node)
    if (held === undefined || held.profile.boot !== target.boot || !isLive(held.state)) return
    this.#apply({ ...held, state: 'suspect', accuser: this.table.self }, 'no answer to a probe', now)
  }

  /** Given up for good, on behalf of the member itself; if it lives after all, it refutes. */
  forget(node: NodeId, now: Millis): void {
    const held = this.table.get(node)
    if (held === undefined || node === this.table.self || held.state === 'left') return
    this.#apply({ ...held, state: 'left', accuser: this.table.self }, 'given up by an operator', now)
  }

  /** Suspects that did not refute in time are down. */
  expire(now: Millis): void {
    for (const { suspect, accusers } of this.suspicions.expire(now)) {
      const held = this.table.get(suspect)
      if (held?.state !== 'suspect') continue
      const why = `no refutation within ${Math.round(now - held.since)} ms of suspicion by ${accusers}`
      this.#apply({ ...held, state: 'down', accuser: this.table.self }, why, now)
    }
  }

  /** A new incarnation of our own: a changed profile, a goodbye, an answer to an accusation. */
  announce(change: { profile?: MemberProfile; state?: MemberState }, now: Millis, above = this.self.incarnation): void {
    // At the limit a forged incarnation could not be topped: only a new boot helps. It takes the cluster key to forge.
    const incarnation = Math.min(INCARNATION_MAX, above + 1)
    const member = this.table.put({ ...this.self, ...change, incarnation }, now)
    this.queue.push(this.table.self, this.claimOf(member))
  }

  /**
   * Somebody knows a later boot of this node than this process is: the state folder was copied, or restored from an
   * older one. Nothing that we say will be believed, which an operator must hear; once for each such boot.
   */
  noteRival(boot: number): void {
    if (boot <= Math.max(this.self.profile.boot, this.#rivalBoot)) return
    this.#rivalBoot = boot
    const why = `others know boot ${boot} of this node, which is boot ${this.self.profile.boot}: was its state folder copied or restored?`
    this.report({ member: this.self, before: this.self.state, why })
  }

  #accuserOf({ state, profile }: Member): NodeId {
    if (state === 'alive' || state === 'left') return profile.node
    // Not ourselves: who only heard of a suspicion must not count as one more accuser.
    return this.suspicions.firstAccuser(profile.node) ?? this.table.self
  }

  #acceptAboutSelf(claim: Claim, now: Millis): boolean {
    const self = this.self
    if (claim.profile.boot !== self.profile.boot) {
      this.noteRival(claim.profile.boot)
      return false
    }
    const accused = claim.state !== 'alive' && claim.incarnation >= self.incarnation
    if (self.state === 'left' || !(accused || claim.incarnation > self.incarnation)) return false
    this.announce({}, now, claim.incarnation)
    return accused
  }

  /** `finding`: our own, in words; undefined for what others claim. */
  #apply(claim: Claim, finding: string | undefined, now: Millis): void {
    const stored = this.table.store(claim, now)
    if (stored.type === 'full' || stored.type === 'older') return
    const { member, before } = stored
    const { node } = member.profile
    if (stored.type === 'same') {
      if (claim.state !== 'suspect' || !this.suspicions.confirm(node, claim.accuser)) return
    } else {
      this.suspicions.clear(node)
      if (member.state === 'suspect') {
        this.suspicions.start(node, claim.accuser, suspicionLimits(this.config, this.table.liveCount), now)
      }
      if (isLive(member.state)) this.order.add(node)
      else this.order.remove(node)
      this.#reportChange(member, before, claim.accuser, finding)
    }
    this.queue.push(node, encodeClaim(member, claim.accuser))
  }

  #reportChange(member: Member, before: Member | undefined, accuser: NodeId, finding: string | undefined): void {
    const reborn = before !== undefined && before.profile.boot !== member.profile.boot
    if (reborn && isLive(before.state)) {
      const why = `replaced by boot ${member.profile.boot}`
      this.report({ member: { ...before, state: 'down', since: member.since }, before: before.state, why })
    }
    const stateBefore = reborn && isLive(before.state) ? 'down' : before?.state
    if (stateBefore === member.state && !reborn && sameProfile(member.profile, before?.profile)) return
    this.report({ member, before: stateBefore, why: reasonOf(member, stateBefore, reborn, accuser, finding) })
  }
}

function reasonOf(
  member: Member,
  before: MemberState | undefined,
  reborn: boolean,
  accuser: NodeId,
  finding: string | undefined,
): string {
  if (member.state === 'suspect' || member.state === 'down')
    return finding ?? `${member.state} says ${shortId(accuser)}`
  if (member.state === 'left') return finding ?? 'it left'
  if (reborn) return `restarted as boot ${member.profile.boot}`
  if (before === undefined) return 'joined'
  if (before === 'suspect') return 'refuted the suspicion'
  return before === 'alive' ? 'new profile' : 'is back'
}

function encodeClaim(member: Member, accuser: NodeId): Uint8Array {
  const { profile, state, incarnation } = member
  return encodeMessage({ kind: 'claim', claim: { profile, state, incarnation, accuser } })
}

function sameProfile(a: MemberProfile, b: MemberProfile | undefined): boolean {
  return (
    b !== undefined &&
    a.name === b.name &&
    a.flags === b.flags &&
    (['gossip', 'control', 'data'] as const).every(
      (role) => a[role].address === b[role].address && a[role].port === b[role].port,
    )
  )
}
