import { hash32 } from '../base/hash.js'
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
  #sums: readonly [number, number] = [0, 0]

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

  /** 16 hex digits: equal in tables that hold the same of all members, but for when they learnt it. */
  get digest(): string {
    return this.#sums.map((sum) => sum.toString(16).padStart(8, '0')).join('')
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
    this.#count(this.#members.get(profile.node), -1)
    this.#count(member, 1)
    this.#members.set(profile.node, member)
    this.#peers = undefined
    this.#down = undefined
    return member
  }

  /** A sum, so that it can be kept up to date member by member, in any order. */
  #count(member: Member | undefined, sign: 1 | -1): void {
    if (member === undefined) return
    const { profile, state, incarnation } = member
    const text = `${profile.node} ${profile.boot} ${incarnation} ${state}`
    const [a, b] = this.#sums
    this.#sums = [(a + sign * hash32(text)) >>> 0, (b + sign * hash32(`.${text}`)) >>> 0]
  }

  #forgetLongestDead(): boolean {
    let oldest: Member | undefined
    for (const member of this.#members.values()) {
      if (!isLive(member.state) && (oldest === undefined || member.since < oldest.since)) oldest = member
    }
    if (oldest === undefined || oldest.profile.node === this.self) return false
    this.#count(oldest, -1)
    return this.#members.delete(oldest.profile.node)
  }
}

function standingOf({ profile, incarnation, state }: Omit<Claim, 'accuser'>): Standing {
  return { boot: profile.boot, incarnation, state }
}
