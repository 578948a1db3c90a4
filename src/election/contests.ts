/**
 * The candidate's and the holder's side of all elections of a node: one elector per service, asked for and renewed
 * together. It decides when to stand, to act, to hand over and to stop; who votes, and what for, is the voter's.
 */
import type { NodeId, Term } from '../base/ids.js'
import { sameTerm } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { Announcements, HeldClaim } from './announcements.js'
import type { CarriedElections } from './carried.js'
import type { ElectionConfig } from './config.js'
import { type DurableState, quorumOf } from './durable-state.js'
import { Elector } from './elector.js'
import type { CarriedElector } from './elector-state.js'
import type { ElectorateKeeper } from './electorate-keeper.js'
import { type Explanation, explain } from './explanation.js'
import { Failback } from './failback.js'
import { LoneHolder } from './lone-holder.js'
import {
  type ElectionMessage,
  FLAG_ALONE,
  FLAG_DIES_WITH_PROCESS,
  type LeaseAnswer,
  type LeaseClaim,
} from './messages.js'
import type { Polling } from './polling.js'
import type { ElectionEffect, ElectionEvent, ServiceRules } from './ports.js'
import type { Roster } from './roster.js'
import type { Voter } from './voter.js'
import type { Voting } from './voting.js'

export interface ContestOptions {
  readonly self: NodeId
  /** Of this life; at least 1. */
  readonly boot: number
  readonly config: ElectionConfig
  readonly random: Prng
  readonly durable: DurableState
  /** `false`: a witness, which stands for nothing. */
  readonly directs: boolean
  /** Whatever this node acts through as a director ends with its process. Asked for each claim: it may be found out later. */
  readonly diesWithProcess: boolean
  /** Somebody answers `probe-rival`. */
  readonly probesRivals: boolean
}

export interface ContestParts {
  readonly roster: Roster
  readonly keeper: ElectorateKeeper
  readonly voter: Voter
  readonly voting: Voting
  readonly polling: Polling
  readonly announcements: Announcements
  readonly emit: (effect: ElectionEffect) => void
  readonly send: (to: NodeId, message: ElectionMessage) => void
  /** To every linked peer. */
  readonly broadcast: (message: ElectionMessage) => void
}

interface Contest {
  readonly elector: Elector
  rules: ServiceRules
}

export class Contests {
  readonly #contests = new Map<string, Contest>()
  readonly #observed = new Map<string, Term>()
  readonly #failback: Failback
  readonly #lone: LoneHolder
  #renewAt: Millis = Number.POSITIVE_INFINITY
  /** Of services that are not known here yet. */
  readonly #carried: Map<string, CarriedElector>
  #stopped = false

  constructor(
    private readonly options: ContestOptions,
    private readonly parts: ContestParts,
    carried: CarriedElections['electors'] = [],
  ) {
    this.#carried = new Map(carried)
    const { self, config } = options
    this.#failback = new Failback(self, config, parts.roster)
    this.#lone = new LoneHolder(self, config, parts.roster, parts.keeper, parts.voting)
  }

  nextDeadline(): Millis {
    let next = this.#renewAt
    const reachesMost = this.#reachesMost()
    for (const [service, { elector, rules }] of this.#contests) {
      if ((reachesMost && this.#isCandidate(rules)) || elector.state.phase !== 'idle')
        next = Math.min(next, elector.nextDeadline(this.#rank(service)))
      else next = Math.min(next, Math.max(elector.turn(0), this.#aloneFrom(rules)))
    }
    return next
  }

  get carried(): CarriedElections['electors'] {
    return [...this.#contests].map(([service, { elector }]) => [service, elector.carried] as const)
  }

  /** A voter is back. */
  renewNow(now: Millis): void {
    if (this.#renewAt !== Number.POSITIVE_INFINITY) this.#renewAt = now
  }

  holding(service: string): { readonly term: Term; readonly deadline: Millis; readonly alone: boolean } | undefined {
    const state = this.#contests.get(service)?.elector.state
    if (state?.phase !== 'holding') return undefined
    return { term: state.term, deadline: state.deadline, alone: state.alone }
  }

  explain(service: string, now: Millis): Explanation {
    const contest = this.#contests.get(service)
    return explain(service, contest?.elector, contest?.rules, this.parts.keeper, this.parts.roster, now)
  }

  /** Leases that ran out, and candidacies that lead nowhere. */
  expire(now: Millis): void {
    for (const [service, { elector }] of this.#contests) {
      const ended = elector.expire(now)
      const abandoned = elector.takeAbandoned()
      if (abandoned !== undefined) this.#release(service, abandoned.number)
      if (ended !== undefined) this.#lost(service, ended, 'no majority renewed the lease')
    }
  }

  /** Stands where it may, and asks for whatever is due. */
  stand(now: Millis): void {
    if (this.#stopped) return
    let stands = false
    const reachesMost = this.#reachesMost()
    for (const [service, { elector, rules }] of this.#contests) {
      const mayStand = reachesMost && this.#isCandidate(rules)
      if (mayStand && elector.stand(this.#rank(service), this.parts.polling.last, now)) stands = true
      else if (!mayStand && elector.state.phase === 'idle') this.#considerAlone(elector, rules, now)
    }
    if (stands || now >= this.#renewAt) this.#ask(now)
  }

  /** Says who directs, where that has changed. */
  observe(now: Millis): void {
    for (const [service, { elector }] of this.#contests) {
      const term = elector.directing(now)?.term
      const before = this.#observed.get(service)
      if (term === before || (term !== undefined && before !== undefined && sameTerm(term, before))) continue
      if (term === undefined) this.#observed.delete(service)
      else this.#observed.set(service, term)
      this.parts.emit({ type: 'observed', service, term })
    }
  }

  /** After a gap in time nothing that was granted before counts. */
  voidLeases(now: Millis): void {
    this.parts.polling.voidRounds()
    for (const { elector } of this.#contests.values()) elector.voidLease(now)
  }

  /** A voter may take for this node's death what it sees now. */
  strike(voter: NodeId): void {
    const { electorate } = this.parts.keeper
    if (electorate === undefined) return
    for (const [service, { elector }] of this.#contests) {
      elector.strike(voter, electorate)
      // Lanes look at the deadline themselves, and it may lie nearer now.
      this.#tellHeld('renewed', service)
    }
  }

  bury(node: NodeId, now: Millis): void {
    for (const { elector } of this.#contests.values()) elector.bury(node, now)
  }

  /** Others ask for these: their numbers are used. */
  heardClaims(from: NodeId, claims: readonly LeaseClaim[], now: Millis): void {
    for (const { service, number } of claims) this.#contests.get(service)?.elector.heardCandidate(from, number, now)
  }

  heardHolder(holder: NodeId, claims: readonly LeaseClaim[], validMs: Millis, now: Millis): void {
    for (const { service, number, flags } of claims) {
      const elector = this.#contests.get(service)?.elector
      if (elector !== undefined && (flags & FLAG_ALONE) === 0) this.parts.voter.heardTerm(service, { number, holder })
      const ended = elector?.heardHolder({ number, holder }, flags, validMs, now)
      if (ended !== undefined) this.#lost(service, ended, 'another node directs it with a majority')
    }
  }

  heardEnd(service: string, term: Term, now: Millis): void {
    this.#contests.get(service)?.elector.heardEnd(term, now)
  }

  stop(now: Millis): void {
    for (const service of this.#contests.keys()) this.resign(service, 'the node is stopping', now)
    this.#stopped = true
  }

  /** What this node directs now. */
  held(now: Millis): HeldClaim[] {
    return [...this.#contests.keys()].flatMap((service) => {
      const held = this.holding(service)
      if (held === undefined || held.deadline <= now) return []
      const flags = this.#ownFlags | (held.alone ? FLAG_ALONE : 0)
      return [{ service, number: held.term.number, flags, deadline: held.deadline }]
    })
  }

  /** A voter's verdicts. */
  answered(from: NodeId, answer: LeaseAnswer, now: Millis): void {
    const round = this.parts.polling.round(answer.round)
    const { electorate } = this.parts.keeper
    if (round === undefined || electorate === undefined) return
    const isBuried = (node: NodeId) => this.parts.roster.isBuried(node, now - this.options.config.leaseMs)
    let isAcquired = false
    for (const verdict of answer.verdicts) {
      const { service } = verdict
      const elector = this.#contests.get(service)?.elector
      const outcome = elector?.answered(from, verdict, round, electorate, isBuried, now) ?? 'none'
      if (outcome === 'won' && elector?.wanted !== undefined) {
        this.parts.emit({ type: 'probe-rival', service, term: elector.wanted })
      } else if (outcome === 'acquired') {
        this.#tellHeld('acquired', service)
        isAcquired = true
      } else if (outcome === 'renewed' || outcome === 'quorate') this.#tellHeld('renewed', service)
      else if (outcome === 'again') {
        const waitMs = verdict.verdict === 'silent' ? verdict.remainingMs : 0
        this.#renewAt = Math.min(this.#renewAt, now + Math.max(this.options.config.againMs, waitMs))
      }
    }
    // Once for all: a thousand may be won with one answer.
    if (isAcquired) this.parts.announcements.tell(this.parts.roster.linked(), this.held(now), now)
  }

  /** Its shortest form. */
  allGranted(from: NodeId, epoch: number, round: number, now: Millis): void {
    const verdicts = (this.parts.polling.round(round)?.claims ?? []).map(({ service, number }) => {
      const highest = { number, holder: this.options.self }
      return { service, number, verdict: 'granted' as const, highest, remainingMs: 0 }
    })
    this.answered(from, { kind: 'answer', epoch, round, verdicts }, now)
  }

  /** Whether somebody else answers for the address of a service that was just won. */
  looked({ service, term, found }: Extract<ElectionEvent, { type: 'rival' }>, now: Millis): void {
    const elector = this.#contests.get(service)?.elector
    const { electorate } = this.parts.keeper
    const { wanted } = elector ?? {}
    if (elector === undefined || electorate === undefined || wanted === undefined || !sameTerm(wanted, term)) return
    if (found) {
      const fields = { service, term: term.number }
      this.parts.emit({ type: 'log', level: 'error', event: 'rival-answers', fields })
    }
    if (elector.looked(found, electorate, now) === 'acquired') this.#acquired(service, now)
  }

  setService(service: string, rules: ServiceRules, now: Millis): void {
    const before = this.#contests.get(service)
    this.parts.roster.setRules(service, rules)
    if (before !== undefined) {
      before.rules = rules
      return
    }
    this.parts.roster.setService(service, true)
    const { random, probesRivals } = this.options
    const elector = new Elector(service, this.options.self, this.options.config, random, probesRivals, now)
    elector.heardNumber(this.options.durable.votes.get(service)?.number ?? 0)
    const carried = this.#carried.get(service)
    if (carried !== undefined) elector.resume(carried)
    // What an earlier process of this life holds is renewed at once.
    if (carried?.holding !== undefined) this.#renewAt = now
    this.#carried.delete(service)
    this.#contests.set(service, { elector, rules })
  }

  removeService(service: string, now: Millis): void {
    this.resign(service, 'the service was removed', now)
    this.parts.roster.setService(service, false)
    this.#contests.delete(service)
    this.#observed.delete(service)
    this.#failback.forget(service)
    this.parts.voter.forget(service)
  }

  #acquired(service: string, now: Millis): void {
    this.#tellHeld('acquired', service)
    this.parts.announcements.tell(this.parts.roster.linked(), this.held(now), now)
  }

  #tellHeld(type: 'acquired' | 'renewed', service: string): void {
    const held = this.holding(service)
    if (held?.alone === false) this.parts.voter.heardTerm(service, held.term)
    if (held !== undefined) this.parts.emit({ type, service, ...held })
  }

  #lost(service: string, term: Term, why: string): void {
    this.parts.emit({ type: 'lost', service, term, why })
  }

  /** The one that the service names, when the other of two voters is gone and this node's own vote is free. */
  #considerAlone(elector: Elector, rules: ServiceRules, now: Millis): void {
    if (!this.#isCandidate(rules) || !this.#lone.mayTake(elector, rules, this.#ownFlags, now)) return
    elector.holdAlone(now)
    this.#renewAt = Math.min(this.#renewAt, now + this.options.config.renewEveryMs)
    this.parts.emit({ type: 'log', level: 'warn', event: 'directs-alone', fields: { service: elector.service } })
    this.#acquired(elector.service, now)
  }

  #aloneFrom(rules: ServiceRules): Millis {
    return (this.#isCandidate(rules) ? this.#lone.from(rules) : undefined) ?? Number.POSITIVE_INFINITY
  }

  #extendAlone(elector: Elector, rules: ServiceRules, now: Millis): void {
    if (!this.#lone.mayExtend(elector, rules, this.#ownFlags, now)) return
    elector.extendAlone(now)
    this.#tellHeld('renewed', elector.service)
  }

  /** Stops acting first; then the successor is endorsed, and only then may anybody act on it. */
  transfer(service: string, to: NodeId, now: Millis): void {
    const elector = this.#contests.get(service)?.elector
    if (elector === undefined || to === this.options.self || !this.parts.roster.reaches(to) || elector.isAlone) return
    const ended = elector.stepDown(now)
    if (ended === undefined) return
    elector.standAside(now)
    this.#lost(service, ended, `handed over to ${to.slice(0, 8)}`)
    this.#failback.handedOver(service)
    const message = { kind: 'endorse' as const, service, number: ended.number, successor: to }
    this.parts.voting.endorse(this.options.self, message, now)
    this.parts.broadcast(message)
  }

  endorsed(service: string, number: number, endorser: NodeId, now: Millis): void {
    const { elector, rules } = this.#contests.get(service) ?? {}
    const isCandidate = rules !== undefined && this.#isCandidate(rules) && !this.#stopped
    const takes = isCandidate && elector?.endorsed(number, endorser, this.parts.polling.last, now) === true
    if (takes) this.#ask(now)
    // Not where this node stands for it or holds it already, when the word came late: it acts on those grants.
    else if (elector?.wanted?.number !== number) this.#release(service, number)
  }

  /** Stops acting first, and then sets the voters free. */
  resign(service: string, why: string, now: Millis, unable?: { readonly until: Millis; readonly why: string }): void {
    const elector = this.#contests.get(service)?.elector
    const wanted = elector?.wanted
    const ended = elector?.stepDown(now, unable)
    if (ended !== undefined) this.#lost(service, ended, why)
    if (wanted === undefined) return
    elector?.takeAbandoned()
    this.#release(service, wanted.number)
    if (ended === undefined) return
    this.parts.broadcast({ kind: 'ended', claims: [{ service, number: wanted.number, flags: 0 }] })
  }

  #release(service: string, number: number): void {
    this.parts.voter.release(service, number, this.options.self, this.options.boot)
    for (const voter of this.parts.keeper.electorate?.voters ?? []) {
      if (voter !== this.options.self)
        this.parts.send(voter, { kind: 'release', claims: [{ service, number, flags: 0 }] })
    }
  }

  get #ownFlags(): number {
    return this.options.diesWithProcess ? FLAG_DIES_WITH_PROCESS : 0
  }

  /** What a drained node holds it keeps until another takes it. */
  #isCandidate(rules: ServiceRules): boolean {
    return this.options.directs && this.parts.roster.isCandidate(rules)
  }

  #rank(service: string): number {
    return this.parts.roster.rank(service)
  }

  /** Without links to a majority a candidacy can only use up numbers, which would trouble the next holder. */
  #reachesMost(): boolean {
    const { electorate } = this.parts.keeper
    if (electorate === undefined) return false
    return electorate.voters.filter((voter) => this.parts.roster.reaches(voter)).length >= quorumOf(electorate)
  }

  /** One round: every voter is asked for all that this node holds or stands for. */
  #ask(now: Millis): void {
    const wanted = [...this.#contests.values()].flatMap(({ elector: { service, wanted: term } }) => {
      return term === undefined ? [] : [{ service, number: term.number, flags: this.#ownFlags }]
    })
    this.#renewAt = wanted.length === 0 ? Number.POSITIVE_INFINITY : now + this.options.config.renewEveryMs
    const { electorate } = this.parts.keeper
    if (electorate === undefined || wanted.length === 0) return
    for (const request of this.parts.polling.ask(wanted, electorate, now)) {
      if (!this.parts.keeper.isVoter) continue
      this.answered(this.options.self, this.parts.voting.vote(this.options.self, request, request.claims, now), now)
    }
    for (const { elector, rules } of this.#contests.values()) this.#extendAlone(elector, rules, now)
    this.parts.announcements.tell(this.parts.roster.linked(), this.held(now), now)
    for (const [service, { elector, rules }] of this.#contests) {
      const to = rules.failback ? this.#failback.target(service, elector.state, now) : undefined
      if (to !== undefined) this.transfer(service, to, now)
    }
  }
}
