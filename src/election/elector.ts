/**
 * One service's election on one node: when to stand, with which term, and how long a lease lasts. It knows of the service
 * what others said; requests and answers themselves travel for all services together (elections.ts).
 *
 *     idle ──(no holder known, its turn)──► standing ──(majority, no rival answers)──► holding ──(deadline)──► idle
 *      │                                      ▲   │ refused, or no majority within a lease
 *      │                                      └───┴── back off
 *      └──(named for it, the other of two voters gone)──► holding alone ──(majority)──► holding
 *
 * A lease that ran out is never acted on again in its term: the node stands anew with a higher number.
 */
import type { NodeId, Term } from '../base/ids.js'
import { sameTerm } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { ElectionConfig } from './config.js'
import { type Electorate, quorumOf } from './durable-state.js'
import type { CarriedElector, ElectorState, KnownHolder, LastAnswer, Unable } from './elector-state.js'
import { LeaseCount } from './lease.js'
import { FLAG_ALONE, FLAG_DIES_WITH_PROCESS, type LeaseVerdict } from './messages.js'
import type { Round } from './polling.js'

/**
 * `won`: a majority has granted, and a rival is to be looked for; `quorate`: a lease held alone now has its majority;
 * `again`: a voter has still to hear what this node knows already, or may not speak yet; it is to be asked once more.
 */
export type ElectorOutcome = 'none' | 'won' | 'acquired' | 'renewed' | 'quorate' | 'again'

export class Elector {
  readonly answers = new Map<NodeId, LastAnswer>()
  readonly #count = new LeaseCount()
  #state: ElectorState = { phase: 'idle' }
  /** The director as it says itself. */
  #known: KnownHolder | undefined
  #highestNumber = 0
  /** Number of a candidacy of this node that never had a majority: it may be used again. */
  #unusedNumber = 0
  /** The last round before this candidacy: what answers it, or an earlier one, was granted to a candidacy given up. */
  #roundBefore = 0
  /** Does not stand before this. */
  #notBefore: Millis
  #unable: Unable | undefined
  #candidate: { readonly node: NodeId; readonly until: Millis } | undefined
  #abandoned: Term | undefined

  constructor(
    readonly service: string,
    private readonly self: NodeId,
    private readonly config: ElectionConfig,
    private readonly random: Prng,
    /** A look for a rival comes between the majority and the first act. */
    private readonly probesRivals: boolean,
    now: Millis,
  ) {
    // What is true now arrives with the first announcement of a holder: wait for one before contesting it.
    this.#notBefore = now + config.renewEveryMs
  }

  get carried(): CarriedElector {
    const holding = this.#state.phase === 'holding' ? { ...this.#state } : undefined
    const wanted = this.#state.phase === 'standing' ? this.#state.term.number : 0
    return {
      holding,
      granted: this.#count.granted,
      known: this.#known,
      highestNumber: this.#highestNumber,
      unusedNumber: Math.max(wanted, this.#unusedNumber),
      notBefore: this.#notBefore,
      unable: this.#unable,
    }
  }

  /** Goes on where an earlier process of this life was. */
  resume({ holding, granted, known, highestNumber, unusedNumber, notBefore, unable }: CarriedElector): void {
    if (holding !== undefined) this.#state = { ...holding }
    for (const [voter, sentAt] of granted) this.#count.grant(voter, sentAt)
    this.#known = known
    this.#highestNumber = Math.max(this.#highestNumber, highestNumber)
    this.#unusedNumber = unusedNumber
    this.#notBefore = Math.max(this.#notBefore, notBefore)
    this.#unable = unable
  }

  get state(): Readonly<ElectorState> {
    return this.#state
  }

  get unable(): Unable | undefined {
    return this.#unable
  }

  get highestNumber(): number {
    return this.#highestNumber
  }

  get isAlone(): boolean {
    return this.#state.phase === 'holding' && this.#state.alone
  }

  /** The term in force as far as this node knows. */
  directing(now: Millis): Pick<KnownHolder, 'term' | 'since' | 'flags'> | undefined {
    const state = this.#state
    if (state.phase === 'holding') return { ...state, flags: state.alone ? FLAG_ALONE : 0 }
    return this.#known !== undefined && now < this.#known.until ? this.#known : undefined
  }

  heardNumber(number: number): void {
    if (number > this.#highestNumber) this.#highestNumber = number
  }

  /** Another stands for it: as in Raft, whoever was asked for a vote lets the asker try first. */
  heardCandidate(candidate: NodeId, number: number, now: Millis): void {
    if (candidate !== this.self) this.#heardUse(number)
    if (candidate !== this.self && candidate !== this.#known?.term.holder) {
      this.#candidate = { node: candidate, until: now + 2 * this.config.staggerMs }
    }
  }

  /**
   * Another node says that it directs. Answers the own term that must end for it: of a lease held alone, where the other
   * has a majority.
   */
  heardHolder(term: Term, flags: number, validMs: Millis, now: Millis): Term | undefined {
    if (term.holder === this.self) {
      this.heardNumber(term.number)
      return undefined
    }
    this.#heardUse(term.number)
    const before = this.directing(now)
    const isQuorate = (flags & FLAG_ALONE) === 0
    if (this.#state.phase === 'holding') return this.#state.alone && isQuorate ? this.stepDown(now) : undefined
    const wasAlone = before !== undefined && (before.flags & FLAG_ALONE) !== 0
    if (before !== undefined && term.number < before.term.number && !(wasAlone && isQuorate)) return undefined
    const since = before !== undefined && sameTerm(before.term, term) ? before.since : now
    this.#known = { term, flags, until: now + Math.min(validMs, this.config.leaseMs), since }
    if (this.#state.phase === 'standing') this.#abandon()
    return undefined
  }

  /** The holder says that it has stopped. */
  heardEnd(term: Term, now: Millis): void {
    this.heardNumber(term.number)
    if (this.#known !== undefined && sameTerm(this.#known.term, term)) this.#forgetHolder(now)
  }

  /** A node's process is gone; what it directed through that process alone is free. */
  bury(node: NodeId, now: Millis): void {
    if (this.#candidate?.node === node) this.#candidate = undefined
    if (this.#known?.term.holder === node && (this.#known.flags & FLAG_DIES_WITH_PROCESS) !== 0) this.#forgetHolder(now)
  }

  /** Stands if it may; `rank` is its place among the live candidates. `true`: there is a request to send now. */
  stand(rank: number, lastRound: number, now: Millis): boolean {
    if (this.#state.phase !== 'idle' || now < this.turn(rank)) return false
    // Numbers are not used up in vain, such as by a node that is cut off: a later holder would have to go above them.
    const isUnused = this.#unusedNumber === this.#highestNumber && this.#unusedNumber > 0
    this.#standFor(isUnused ? this.#unusedNumber : this.#highestNumber + 1, undefined, lastRound, now)
    return true
  }

  /** The holder has stopped in favour of this node. `false`: it cannot take it now. */
  endorsed(number: number, endorser: NodeId, lastRound: number, now: Millis): boolean {
    const isAble = this.#unable === undefined || now >= this.#unable.until
    if (this.#state.phase === 'holding' || number < this.#highestNumber || !isAble) return false
    this.#abandon()
    this.#known = undefined
    this.#standFor(number, endorser, lastRound, now)
    return true
  }

  /** When this node would stand: after the known lease has run out, later the less it is preferred. */
  turn(rank: number): Millis {
    const { until: candidateUntil = 0 } = this.#candidate ?? {}
    const free = Math.max(this.#notBefore, this.#known?.until ?? 0, this.#unable?.until ?? 0, candidateUntil)
    return free + rank * this.config.staggerMs
  }

  /** Directs without a majority from now on: the caller has found that it may. */
  holdAlone(now: Millis): Term {
    this.#abandon()
    this.#abandoned = undefined
    this.heardNumber(this.#highestNumber + 1)
    const term = { number: this.#highestNumber, holder: this.self }
    this.#unusedNumber = 0
    this.#count.strikeAll()
    this.answers.clear()
    this.#known = undefined
    this.#state = { phase: 'holding', term, since: now, deadline: now + this.#usableMs, alone: true }
    return term
  }

  extendAlone(now: Millis): void {
    if (this.#state.phase === 'holding' && this.#state.alone) this.#state.deadline = now + this.#usableMs
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

  /** A voter's answer to a round. `isBuried`: of whom that voter may still have to hear that it has ended. */
  answered(
    voter: NodeId,
    answer: LeaseVerdict,
    round: Pick<Round, 'number' | 'sentAt'>,
    electorate: Electorate,
    isBuried: (node: NodeId) => boolean,
    now: Millis,
  ): ElectorOutcome {
    this.heardNumber(answer.highest.number)
    const wanted = this.wanted
    if (wanted === undefined || answer.number !== wanted.number) return 'none'
    this.answers.set(voter, { verdict: answer.verdict, highest: answer.highest, at: now })
    if (answer.verdict === 'granted') {
      // To an earlier candidacy with this number, which was given up: that grant was released.
      if (round.number <= this.#roundBefore) return 'none'
      this.#count.grant(voter, round.sentAt)
      return this.#recount(electorate, now)
    }
    if (this.#state.phase === 'standing') return this.#refused(answer, isBuried, now)
    // In contact again, but that voter knows a later term: this one can get no majority any more.
    if (this.isAlone && answer.verdict === 'older-term') this.voidLease(now)
    return 'none'
  }

  /** The answer to the look for a rival; the lease went on meanwhile. */
  looked(found: boolean, electorate: Electorate, now: Millis): ElectorOutcome {
    if (this.#state.phase !== 'standing' || !this.#state.won) return 'none'
    // The answer came late: when voters are heard again, it is looked again.
    this.#state.won = false
    if (!found) return this.#claim(electorate, now)
    this.#stepBack(now)
    this.#notBefore = now + this.config.leaseMs
    return 'none'
  }

  /** A voter's grant counts no more, since it may act on what it takes for this node's death. */
  strike(voter: NodeId, electorate: Electorate): void {
    this.#count.strike(voter)
    if (this.#state.phase !== 'holding' || this.#state.alone) return
    this.#state.deadline = Math.min(this.#state.deadline, this.#deadline(electorate) ?? 0)
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
  stepDown(now: Millis, unable?: Unable): Term | undefined {
    const ended = this.#state.phase === 'holding' ? this.#state.term : undefined
    if (unable !== undefined) this.#unable = unable
    if (this.#state.phase !== 'idle') this.#stepBack(now)
    return ended
  }

  /** After a transfer: the successor has a lease's time before this node comes back into question. */
  standAside(now: Millis): void {
    this.#notBefore = now + this.config.leaseMs
  }

  nextDeadline(rank: number): Millis {
    if (this.#state.phase === 'holding') return this.#state.deadline
    return this.#state.phase === 'standing' ? this.#state.since + this.config.leaseMs : this.turn(rank)
  }

  /** After a gap in time nothing counts but what is sent from now on: the lease is over. */
  voidLease(now: Millis): void {
    this.#count.strikeAll()
    if (this.#state.phase === 'holding') this.#state.deadline = now
  }

  get #usableMs(): Millis {
    return this.config.leaseMs - this.config.driftMarginMs
  }

  #deadline(electorate: Electorate): Millis | undefined {
    return this.#count.deadline(electorate.voters, quorumOf(electorate), this.#usableMs)
  }

  #standFor(number: number, endorser: NodeId | undefined, lastRound: number, now: Millis): void {
    this.heardNumber(number)
    this.#unusedNumber = number
    this.#roundBefore = lastRound
    // A release of the candidacy before would reach the voters behind the request of this one, with the same number.
    if (this.#abandoned?.number === number) this.#abandoned = undefined
    this.#state = { phase: 'standing', term: { number, holder: this.self }, since: now, endorser, won: false }
    this.#count.strikeAll()
    this.answers.clear()
  }

  #recount(electorate: Electorate, now: Millis): ElectorOutcome {
    const state = this.#state
    const deadline = this.#deadline(electorate)
    if (state.phase === 'holding') {
      if (state.alone) {
        if (deadline === undefined || deadline <= now) return 'none'
        this.#state = { ...state, deadline, alone: false }
        return 'quorate'
      }
      // Never backwards: what an earlier electorate granted is honoured over its change, though its quorum was another.
      state.deadline = Math.max(deadline ?? 0, state.deadline)
      return 'renewed'
    }
    if (state.phase !== 'standing' || deadline === undefined || deadline <= now) return 'none'
    // Whoever endorsed it has given the address up a moment ago, and its clients wait.
    if (!this.probesRivals || state.endorser !== undefined) return this.#claim(electorate, now)
    if (state.won) return 'none'
    state.won = true
    return 'won'
  }

  #claim(electorate: Electorate, now: Millis): ElectorOutcome {
    const deadline = this.#deadline(electorate)
    if (this.#state.phase !== 'standing' || deadline === undefined || deadline <= now) return 'none'
    this.#state = { phase: 'holding', term: this.#state.term, since: now, deadline, alone: false }
    this.#unusedNumber = 0
    this.#known = undefined
    return 'acquired'
  }

  #refused(answer: LeaseVerdict, isBuried: (node: NodeId) => boolean, now: Millis): ElectorOutcome {
    const { verdict, highest } = answer
    if (verdict === 'silent') return 'again'
    const endorser = this.#state.phase === 'standing' ? this.#state.endorser : undefined
    if (verdict === 'held' && (isBuried(highest.holder) || highest.holder === endorser)) return 'again'
    // This number is used, by another or by an earlier life of this node.
    if (highest.number >= answer.number) this.#unusedNumber = 0
    if (verdict === 'held') {
      // By a director that was not heard yet, or by another candidate, which may give up any moment: neither is waited for
      // as long as the grant may last, and both are asked about again at different times.
      const waitMs = Math.min(this.#waitFor(answer), this.random.between(1, 3) * this.config.staggerMs)
      if (this.#known === undefined) this.#notBefore = Math.max(this.#notBefore, now + waitMs)
      this.#abandon()
    } else if (verdict === 'older-term') this.#stepBack(now)
    return 'none'
  }

  /** By another: to ask for the same number would be refused, and cost a back-off. */
  #heardUse(number: number): void {
    this.heardNumber(number)
    if (number >= this.#unusedNumber) this.#unusedNumber = 0
  }

  #waitFor({ remainingMs }: LeaseVerdict): Millis {
    return Math.min(remainingMs, this.config.leaseMs)
  }

  #forgetHolder(now: Millis): void {
    this.#known = undefined
    this.#notBefore = now
  }

  #abandon(): void {
    if (this.#state.phase === 'standing') this.#abandoned = this.#state.term
    this.#state = { phase: 'idle' }
  }

  /** Candidates that failed together must not come back together. */
  #stepBack(now: Millis): void {
    this.#abandon()
    this.#notBefore = now + this.random.between(0.1, 0.5) * this.config.leaseMs
    this.#count.strikeAll()
  }
}
