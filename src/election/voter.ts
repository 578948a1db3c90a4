/**
 * The voter's side of leases: grants one holder at a time per service, and says why not. After leases by majority (Gray
 * and Cheriton 1989) with terms as in Raft. A grant is honoured until it has run out on this node's own clock, counted
 * from receipt, unless its holder gives it back or is proven dead; terms only grow, and a vote is durable before it
 * leaves (the caller performs `persist` first).
 */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Vote } from './durable-state.js'
import { FLAG_DIES_WITH_PROCESS, type LeaseClaim, type LeaseVerdict, type Verdict } from './messages.js'

export interface Grant {
  /** For one life of its holder; 0: whichever asks first. */
  readonly term: Vote
  readonly until: Millis
  readonly flags: number
}

/** For another process of this life. */
export interface CarriedVoter {
  readonly silentUntil: Millis
  /** By service: whom it may not vote against yet. */
  readonly grants: readonly (readonly [service: string, grant: Grant])[]
  readonly held: readonly (readonly [service: string, term: Term])[]
}

/** Rules that a test may break to see that its checker notices. */
export interface VoterRules {
  readonly honourGrants: boolean
  readonly bootSilence: boolean
  /** A vote is for one life of its holder. */
  readonly tellsLivesApart: boolean
  /** Evidence of death frees only what dies with the process. */
  readonly freesOnlyTheMortal: boolean
}

export const SOUND_RULES: VoterRules = {
  honourGrants: true,
  bootSilence: true,
  tellsLivesApart: true,
  freesOnlyTheMortal: true,
}

const NOBODY: Term = { number: 0, holder: '' }

export class Voter {
  readonly #grants = new Map<string, Grant>()
  /** The highest term of each service that its holder has told of: it may be one that this voter had no seat to vote for. */
  readonly #held = new Map<string, Term>()

  constructor(
    private readonly votes: ReadonlyMap<string, Vote>,
    private readonly leaseMs: Millis,
    /** What an earlier boot granted may still hold until then. */
    private readonly silentUntil: Millis,
    private readonly rules: VoterRules,
  ) {}

  get carried(): CarriedVoter {
    return { silentUntil: this.silentUntil, grants: [...this.#grants], held: [...this.#held] }
  }

  /** What an earlier process of this life granted holds on. */
  resume({ grants, held }: CarriedVoter): void {
    for (const [service, grant] of grants) this.#grants.set(service, grant)
    for (const [service, term] of held) this.#held.set(service, term)
  }

  /** The answer to one claim; `vote` is set where it is a new one, which must become durable first. */
  judge(
    claim: LeaseClaim,
    from: NodeId,
    boot: number,
    leaseMs: Millis,
    now: Millis,
  ): { readonly answer: LeaseVerdict; readonly vote: Vote | undefined } {
    const term = { number: claim.number, holder: from }
    const vote = { ...term, boot: this.rules.tellsLivesApart ? boot : 1 }
    const voted = this.votes.get(claim.service)
    const refusal = this.#refusal(claim, vote, leaseMs, voted, now)
    if (refusal !== undefined) return { answer: refusal, vote: undefined }
    this.#grants.set(claim.service, { term: vote, until: now + leaseMs, flags: claim.flags })
    const isNew = voted === undefined || voted.number !== term.number || voted.boot !== vote.boot
    const answer = {
      service: claim.service,
      number: claim.number,
      verdict: 'granted' as const,
      highest: term,
      remainingMs: leaseMs,
    }
    return { answer, vote: isNew ? vote : undefined }
  }

  /** Another has held this term by a majority, be it that of an earlier electorate. */
  heardTerm(service: string, term: Term): void {
    if (term.number > (this.#held.get(service)?.number ?? 0)) this.#held.set(service, term)
  }

  forget(service: string): void {
    this.#held.delete(service)
  }

  /** The holder itself has stopped acting. A later life of it knows nothing of what the earlier one acts through. */
  release(service: string, number: number, from: NodeId, boot: number): void {
    if (this.#isGrantedTo(service, number, from, boot)) this.#grants.delete(service)
  }

  /** The holder has stopped acting in favour of one: the vote that follows from it, which must become durable first. */
  endorse(
    service: string,
    number: number,
    from: NodeId,
    boot: number,
    successor: NodeId,
    now: Millis,
  ): Vote | undefined {
    const voted = this.votes.get(service)
    if (!this.#isGrantedTo(service, number, from, boot) || (voted?.number ?? 0) > number) return undefined
    const term = { number: number + 1, holder: successor, boot: 0 }
    this.#grants.set(service, { term, until: now + this.leaseMs, flags: 0 })
    return term
  }

  /** The holder's process is gone: so is all that it acted through, where it said so. */
  bury(holder: NodeId): void {
    for (const [service, grant] of this.#grants) {
      const isMortal = (grant.flags & FLAG_DIES_WITH_PROCESS) !== 0 || !this.rules.freesOnlyTheMortal
      if (grant.term.holder === holder && isMortal) this.#grants.delete(service)
    }
  }

  grant(service: string, now: Millis): Grant | undefined {
    const grant = this.#grants.get(service)
    return grant !== undefined && grant.until > now ? grant : undefined
  }

  #isGrantedTo(service: string, number: number, holder: NodeId, boot: number): boolean {
    const term = this.#grants.get(service)?.term
    if (term === undefined || term.holder !== holder || term.number !== number) return false
    return !this.rules.tellsLivesApart || term.boot === boot || term.boot === 0
  }

  #refusal(
    claim: LeaseClaim,
    wanted: Vote,
    leaseMs: Millis,
    voted: Vote | undefined,
    now: Millis,
  ): LeaseVerdict | undefined {
    const refuse = (verdict: Verdict, remainingMs = 0): LeaseVerdict => {
      return { service: claim.service, number: claim.number, verdict, highest: voted ?? NOBODY, remainingMs }
    }
    if (leaseMs > this.leaseMs) return refuse('too-long')
    if (this.rules.bootSilence && now < this.silentUntil) return refuse('silent', this.silentUntil - now)
    if (voted !== undefined && !mayFollow(wanted, voted)) return refuse('older-term')
    const held = this.#held.get(claim.service) ?? NOBODY
    const isUsed = wanted.number === held.number && wanted.holder !== held.holder
    if (wanted.number < held.number || isUsed) return { ...refuse('older-term'), highest: held }
    const grant = this.grant(claim.service, now)
    if (this.rules.honourGrants && grant !== undefined && grant.term.holder !== wanted.holder) {
      return {
        ...refuse('held', grant.until - now),
        highest: grant.term.number >= (voted?.number ?? 0) ? grant.term : (voted ?? NOBODY),
      }
    }
    return undefined
  }
}

/** A later term, or the same one of the same life. */
function mayFollow(wanted: Vote, voted: Vote): boolean {
  if (wanted.number !== voted.number) return wanted.number > voted.number
  return wanted.holder === voted.holder && (wanted.boot === voted.boot || voted.boot === 0)
}
