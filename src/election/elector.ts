/**
 * One service's election on one node: when to stand, with which term, and how long a lease lasts. It knows of the service
 * what others said; requests and answers themselves travel for all services together (elections.ts).
 *
 *     idle ──(no holder known, its turn)──► standing ──(majority)──► holding ──(deadline)──► idle
 *                                             ▲   │ refused, or no majority within a lease
 *                                             └───┴── back off
 *
 * A lease that ran out is never acted on again in its term: the node stands anew with a higher number.
 */
import type { NodeId, Term } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { ElectionConfig } from './config.js'
import { type Electorate, quorumOf } from './durable-state.js'
import { LeaseCount } from './lease.js'
import type { LeaseVerdict } from './messages.js'

/** What a voter answered last, for `why`. */
export interface LastAnswer {
  readonly verdict: LeaseVerdict['verdict']
  readonly highest: Term
  readonly at: Millis
}

export type ElectorOutcome = 'none' | 'acquired' | 'renewed'

type State =
  | { readonly phase: 'idle' }
  | { readonly phase: 'standing'; readonly term: Term; readonly since: Millis }
  | { readonly phase: 'holding'; readonly term: Term; readonly since: Millis; deadline: Millis }

export class Elector {
  readonly count = new LeaseCount()
  readonly answers = new Map<NodeId, LastAnswer>()
  #state: State = { phase: 'idle' }
  /** The director as others say, and until when that is worth waiting for. */
  #known: { readonly term: Term; readonly until: Millis; readonly since: Millis } | undefined
  #highestNumber = 0
  /** Does not stand before this. */
  #notBefore: Millis
  #unable: { readonly until: Millis; readonly why: string } | undefined
  #abandoned: Term | undefined

  constructor(
    readonly service: string,
    private readonly self: NodeId,
    private readonly config: ElectionConfig,
    private readonly random: Prng,
    now: Millis,
  ) {
    // What is true now arrives with the first announcement of a holder: wait for one before contesting it.
    this.#notBefore = now + config.renewEveryMs
  }

  get state(): Readonly<State> {
    return this.#state
  }

  get unable(): { readonly until: Millis; readonly why: string } | undefined {
    return this.#unable
  }

  /** The term in force as far as this node knows. */
  directing(now: Millis): { readonly term: Term; readonly since: Millis } | undefined {
    if (this.#state.phase === 'holding') return this.#state
    return this.#known !== undefined && now < this.#known.until ? this.#known : undefined
  }

  heardNumber(number: number): void {
    if (number > this.#highestNumber) this.#highestNumber = number
  }

  /** A holder says that it directs, or (`validMs` 0) that it stopped. `true`: that changes who directs. */
  heardHolder(term: Term, validMs: Millis, now: Millis): boolean {
    this.heardNumber(term.number)
    const before = this.directing(now)?.term
    if (term.holder === this.self || (before !== undefined && term.number < before.number)) return false
    const isSame = before?.number === term.number && before.holder === term.holder
    if (validMs === 0) {
      if (!isSame) return false
      this.#known = undefined
      this.#notBefore = now
      return true
    }
    const until = now + Math.min(validMs, this.config.leaseMs)
    this.#known = { term, until, since: isSame ? (this.#known?.since ?? now) : now }
    if (this.#state.phase === 'standing') this.#abandon()
    return !isSame
  }

  /** Stands if it may; `rank` is its place among the live candidates. `true`: there is a request to send now. */
  stand(rank: number, now: Millis): boolean {
    if (this.#state.phase !== 'idle' || now < this.turn(rank)) return false
    this.#highestNumber++
    this.#state = { phase: 'standing', term: { number: this.#highestNumber, holder: this.self }, since: now }
    this.count.strikeAll()
    this.answers.clear()
    return true
  }

  /** When this node would stand: after the known lease has run out, later the less it is preferred. */
  turn(rank: number): Millis {
    const free = Math.max(this.#notBefore, this.#known?.until ?? 0, this.#unable?.until ?? 0)
    return free + rank * this.config.staggerMs
  }

  /**
   * A candidacy that was given up since the last look. Its grants are to be released: they would hold the voters back for a
   * whole lease, for a term in which nobody has acted or ever will.
   */
  takeAbandoned(): Term | undefined {
    const term = this.#abandoned
    this.#abandoned = undefined
    return term
  }

  /** The term to ask for in the next round, if there is one. */
  get wanted(): Term | undefined {
    return this.#state.phase === 'idle' ? undefined : this.#state.term
  }

  /** A voter's answer to the round that was sent at `sentAt`. */
  answered(voter: NodeId, answer: LeaseVerdict, sentAt: Millis, electorate: Electorate, now: Millis): ElectorOutcome {
    this.heardNumber(answer.highest.number)
    const wanted = this.wanted
    if (wanted === undefined || answer.number !== wanted.number) return 'none'
    this.answers.set(voter, { verdict: answer.verdict, highest: answer.highest, at: now })
    if (answer.verdict === 'granted') {
      this.count.granted(voter, sentAt)
      return this.#recount(electorate, now)
    }
    if (this.#state.phase === 'standing') this.#refused(answer, now)
    return 'none'
  }

  /** What is due: a lease that ran out, a candidacy that leads nowhere. Answers the term that was lost. */
  expire(now: Millis): Term | undefined {
    if (this.#known !== undefined && now >= this.#known.until) this.#known = undefined
    if (this.#unable !== undefined && now >= this.#unable.until) this.#unable = undefined
    if (this.#state.phase === 'standing' && now >= this.#state.since + this.config.leaseMs) this.#stepBack(now)
    if (this.#state.phase !== 'holding' || now < this.#state.deadline) return undefined
    return this.stepDown(now)
  }

  /** Acts no more; answers the term that ends. */
  stepDown(now: Millis, unable?: { readonly until: Millis; readonly why: string }): Term | undefined {
    const ended = this.#state.phase === 'holding' ? this.#state.term : undefined
    if (unable !== undefined) this.#unable = unable
    if (this.#state.phase !== 'idle') this.#stepBack(now)
    return ended
  }

  nextDeadline(rank: number): Millis {
    if (this.#state.phase === 'holding') return this.#state.deadline
    return this.#state.phase === 'standing' ? this.#state.since + this.config.leaseMs : this.turn(rank)
  }

  /** After a gap in time nothing counts but what is sent from now on: the lease is over. */
  voidLease(now: Millis): void {
    this.count.strikeAll()
    if (this.#state.phase === 'holding') this.#state.deadline = now
  }

  #recount(electorate: Electorate, now: Millis): ElectorOutcome {
    const usableMs = this.config.leaseMs - this.config.driftMarginMs
    const deadline = this.count.deadline(electorate.voters, quorumOf(electorate), usableMs)
    if (this.#state.phase === 'holding') {
      // Never backwards: what an earlier electorate granted is honoured over its change, though its quorum was another.
      this.#state.deadline = Math.max(deadline ?? 0, this.#state.deadline)
      return 'renewed'
    }
    if (this.#state.phase !== 'standing' || deadline === undefined || deadline <= now) return 'none'
    this.#state = { phase: 'holding', term: this.#state.term, since: now, deadline }
    this.#known = undefined
    return 'acquired'
  }

  #refused(answer: LeaseVerdict, now: Millis): void {
    if (answer.verdict === 'held') {
      const { highest } = answer
      this.#known ??= { term: highest, until: now + Math.min(answer.remainingMs, this.config.leaseMs), since: now }
      this.#abandon()
    } else if (answer.verdict === 'older-term') this.#stepBack(now)
  }

  #abandon(): void {
    if (this.#state.phase === 'standing') this.#abandoned = this.#state.term
    this.#state = { phase: 'idle' }
  }

  /** Candidates that failed together must not come back together. */
  #stepBack(now: Millis): void {
    this.#abandon()
    this.#notBefore = now + this.random.between(0.1, 0.5) * this.config.leaseMs
    this.count.strikeAll()
  }
}
