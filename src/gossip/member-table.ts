import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { type Claim, isLive, type Member } from './messages.js'
import { type Precedence, precedence, type Standing } from './precedence.js'

/** `new-life` and `newer` were stored; `same` and `older` changed nothing; `full`: a stranger for whom there is no room. */
export type Stored =
  | { readonly type: Precedence; readonly member: Member; readonly before: Member }
  | { readonly type: 'stranger'; readonly member: Member; readonly before: undefined }
  | { readonly type: 'full' }

/**
 * All members that this node knows of, itself included, the dead ones too: they are asked again for ever, and the memory
 * of their last life is what keeps a stale claim from reviving them. Bounded: the one longest dead gives way to a
 * stranger; if all are alive the stranger is not taken.
 */
export class MemberTable {
  readonly #members = new Map<NodeId, Member>()
  #peers: readonly Member[] | undefined
  #down: readonly Member[] | undefined

  constructor(
    readonly self: NodeId,
    private readonly membersMax: number,
  ) {}

  get(node: NodeId): Member | undefined {
    return this.#members.get(node)
  }

  all(): readonly Member[] {
    return [...this.#members.values()]
  }

  /** The others that are alive or suspect. */
  peers(): readonly Member[] {
    this.#peers ??= this.all().filter((member) => isLive(member.state) && member.profile.node !== this.self)
    return this.#peers
  }

  down(): readonly Member[] {
    this.#down ??= this.all().filter((member) => member.state === 'down')
    return this.#down
  }

  /** Members that take part, this node among them. */
  get liveCount(): number {
    return this.peers().length + 1
  }

  /** Applies a claim if it takes precedence over what is held. */
  store(claim: Claim, now: Millis): Stored {
    const before = this.#members.get(claim.profile.node)
    if (before === undefined) {
      if (this.#members.size >= this.membersMax && !this.#forgetLongestDead()) return { type: 'full' }
      return { type: 'stranger', member: this.put(claim, now), before }
    }
    const type = precedence(standingOf(claim), standingOf(before))
    if (type === 'same' || type === 'older') return { type, member: before, before }
    return { type, member: this.put(claim, now), before }
  }

  /** Without judgement: for what this node says of itself. */
  put({ profile, state, incarnation }: Omit<Claim, 'accuser'>, now: Millis): Member {
    const before = this.#members.get(profile.node)
    const goesOn = before?.state === state && before.profile.boot === profile.boot
    return this.begin({ profile, state, incarnation }, goesOn ? before.since : now)
  }

  /** As `put`, with the state beginning at `since` whatever was before. */
  begin({ profile, state, incarnation }: Omit<Claim, 'accuser'>, since: Millis): Member {
    const member: Member = { profile, state, incarnation, since }
    this.#members.set(profile.node, member)
    this.#peers = undefined
    this.#down = undefined
    return member
  }

  #forgetLongestDead(): boolean {
    let oldest: Member | undefined
    for (const member of this.#members.values()) {
      if (!isLive(member.state) && (oldest === undefined || member.since < oldest.since)) oldest = member
    }
    return oldest !== undefined && oldest.profile.node !== this.self && this.#members.delete(oldest.profile.node)
  }
}

function standingOf({ profile, incarnation, state }: Omit<Claim, 'accuser'>): Standing {
  return { boot: profile.boot, incarnation, state }
}
