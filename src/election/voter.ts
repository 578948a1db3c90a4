/**
 * The voter's side of leases: grants one holder at a time per service, and says why not. After leases by majority (Gray
 * and Cheriton 1989) with terms as in Raft. A grant is honoured until it has run out on this node's own clock, counted
 * from receipt; terms only grow, and a vote is durable before it leaves (the caller performs `persist` first).
 */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { LeaseClaim, LeaseVerdict, Verdict } from './messages.js'

export interface Grant {
  readonly term: Term
  readonly until: Millis
}

/** Rules that a test may break to see that its checker notices. */
export interface VoterRules {
  readonly honourGrants: boolean
  readonly bootSilence: boolean
}

export const SOUND_RULES: VoterRules = { honourGrants: true, bootSilence: true }

const NOBODY: Term = { number: 0, holder: '' }

export class Voter {
  readonly #grants = new Map<string, Grant>()

  constructor(
    private readonly votes: ReadonlyMap<string, Term>,
    private readonly leaseMs: Millis,
    /** What an earlier boot granted may still hold until then. */
    private readonly silentUntil: Millis,
    private readonly rules: VoterRules,
  ) {}

  /** The answer to one claim; `vote` is set where it is a new one, which must become durable first. */
  judge(
    claim: LeaseClaim,
    from: NodeId,
    leaseMs: Millis,
    now: Millis,
  ): { readonly answer: LeaseVerdict; readonly vote: Term | undefined } {
    const term = { number: claim.number, holder: from }
    const voted = this.votes.get(claim.service)
    const refusal = this.#refusal(claim, from, leaseMs, voted, now)
    if (refusal !== undefined) return { answer: refusal, vote: undefined }
    this.#grants.set(claim.service, { term, until: now + leaseMs })
    const isNew = voted === undefined || voted.number !== term.number || voted.holder !== term.holder
    const answer = {
      service: claim.service,
      number: claim.number,
      verdict: 'granted' as const,
      highest: term,
      remainingMs: leaseMs,
    }
    return { answer, vote: isNew ? term : undefined }
  }

  /** The holder itself has stopped acting. */
  release(service: string, number: number, from: NodeId): void {
    const grant = this.#grants.get(service)
    if (grant?.term.holder === from && grant.term.number === number) this.#grants.delete(service)
  }

  grant(service: string, now: Millis): Grant | undefined {
    const grant = this.#grants.get(service)
    return grant !== undefined && grant.until > now ? grant : undefined
  }

  #refusal(
    claim: LeaseClaim,
    from: NodeId,
    leaseMs: Millis,
    voted: Term | undefined,
    now: Millis,
  ): LeaseVerdict | undefined {
    const refuse = (verdict: Verdict, remainingMs = 0): LeaseVerdict => {
      return { service: claim.service, number: claim.number, verdict, highest: voted ?? NOBODY, remainingMs }
    }
    if (leaseMs > this.leaseMs) return refuse('too-long')
    if (this.rules.bootSilence && now < this.silentUntil) return refuse('silent', this.silentUntil - now)
    const older = voted !== undefined && claim.number < voted.number
    if (older || (voted?.number === claim.number && voted.holder !== from)) return refuse('older-term')
    const grant = this.grant(claim.service, now)
    if (this.rules.honourGrants && grant !== undefined && grant.term.holder !== from) {
      return {
        ...refuse('held', grant.until - now),
        highest: grant.term.number >= (voted?.number ?? 0) ? grant.term : (voted ?? NOBODY),
      }
    }
    return undefined
  }
}
