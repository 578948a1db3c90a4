/**
 * All elections of a node: one elector per service, one voter for all of them, one electorate. After leases by majority
 * (Gray and Cheriton 1989) with terms, as Raft numbers them; the electorate changes by single decrees of Paxos. What a
 * holder asks of a voter for all its services travels in one message. Links, disk and time are left to others.
 */
import { unreachable } from '../base/assert.js'
import type { NodeId, Term } from '../base/ids.js'
import { sameTerm } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import { CLAIMS_MAX, decodeElection, encodeElection } from './codec.js'
import type { ElectionConfig } from './config.js'
import { applyRecord, type DurableRecord, type DurableState, quorumOf } from './durable-state.js'
import { Elector } from './elector.js'
import { ElectorateKeeper, type ElectorateRules, SOUND_ELECTORATE_RULES } from './electorate-keeper.js'
import type { Explanation } from './explanation.js'
import type { ElectionMessage, LeaseVerdict, Verdict } from './messages.js'
import type { ElectionEffect, ElectionEvent } from './ports.js'
import { preferenceOrder } from './preference.js'
import { SOUND_RULES, Voter, type VoterRules } from './voter.js'

/** Rounds whose answers may still come: an answer later than a lease is worth nothing. */
const ROUNDS_KEPT = 64

export interface ElectionsOptions {
  readonly self: NodeId
  readonly config: ElectionConfig
  readonly random: Prng
  readonly durable: DurableState
  /** Nothing was ever voted here, so no earlier boot can have granted anything: no silence is needed. */
  readonly isFresh: boolean
  readonly now: Millis
  /** For tests that show what each rule is for. */
  readonly rules?: Partial<VoterRules & ElectorateRules>
}

export class Elections implements Machine<ElectionEvent, ElectionEffect> {
  readonly #self: NodeId
  readonly #config: ElectionConfig
  readonly #random: Prng
  readonly #durable: DurableState
  readonly #voter: Voter
  readonly #keeper: ElectorateKeeper
  readonly #electors = new Map<string, Elector>()
  readonly #linked = new Set<NodeId>()
  readonly #alive = new Set<NodeId>()
  readonly #sentAt = new Map<number, Millis>()
  readonly #observed = new Map<string, Term>()
  readonly #effects: ElectionEffect[] = []
  #round = 0
  #renewAt: Millis = Number.POSITIVE_INFINITY
  #stopped = false

  constructor({ self, config, random, durable, isFresh, now, rules = {} }: ElectionsOptions) {
    this.#self = self
    this.#config = config
    this.#random = random
    this.#durable = durable
    this.#alive.add(self)
    // The last boot may have run with a longer lease.
    const silentUntil = isFresh ? now : now + Math.max(config.leaseMs, durable.leaseMs ?? 0)
    this.#voter = new Voter(durable.votes, config.leaseMs, silentUntil, { ...SOUND_RULES, ...rules })
    const electorateRules = { ...SOUND_ELECTORATE_RULES, ...rules }
    const ports = {
      persist: (records: readonly DurableRecord[]) => this.#effects.push({ type: 'persist', records }),
      send: (to: NodeId, message: ElectionMessage) => this.#send(to, message),
      broadcast: (message: ElectionMessage) => this.#broadcast(message),
      onAdopted: ({ epoch, voters }: { epoch: number; voters: readonly NodeId[] }) =>
        this.#effects.push({ type: 'electorate', epoch, voters }),
    }
    this.#keeper = new ElectorateKeeper(self, durable, config, random, electorateRules, ports, now, silentUntil)
  }

  handle(event: ElectionEvent, now: Millis): void {
    switch (event.type) {
      case 'start':
        break
      case 'message':
        this.#receive(event.from, event.bytes, now)
        break
      case 'link-up':
        this.#linked.add(event.peer)
        this.#keeper.linkUp(event.peer, now)
        this.#announce([event.peer], now)
        break
      case 'link-down':
        this.#linked.delete(event.peer)
        this.#keeper.linkDown(event.peer)
        break
      case 'member':
        if (event.alive || event.node === this.#self) this.#alive.add(event.node)
        else this.#alive.delete(event.node)
        break
      case 'service':
        this.#setService(event.name, event.present, now)
        break
      case 'unable':
        this.#resign(event.service, event.why, now, { until: now + event.forMs, why: event.why })
        break
      case 'resign':
        this.#resign(event.service, 'it was asked to', now)
        break
      case 'clock-gap':
        this.#onGap(event.ms, now)
        break
      case 'amnesia':
        this.#keeper.forget()
        break
      case 'remove-voter':
        this.#keeper.remove(event.node)
        break
      case 'stop':
        for (const service of this.#electors.keys()) this.#resign(service, 'the node is stopping', now)
        this.#stopped = true
        break
      default:
        unreachable(event)
    }
    this.#advance(now)
  }

  tick(now: Millis): void {
    this.#advance(now)
  }

  poll(): ElectionEffect | undefined {
    return this.#effects.shift()
  }

  nextDeadline(): Millis | undefined {
    if (this.#stopped) return undefined
    let next = Math.min(this.#renewAt, this.#keeper.isVoter ? this.#keeper.nextDeadline() : Number.POSITIVE_INFINITY)
    const mayStand = this.#mayStand()
    for (const [service, elector] of this.#electors) {
      if (mayStand || elector.state.phase !== 'idle') next = Math.min(next, elector.nextDeadline(this.#rank(service)))
    }
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  holding(service: string): { readonly term: Term; readonly deadline: Millis } | undefined {
    const state = this.#electors.get(service)?.state
    return state?.phase === 'holding' ? { term: state.term, deadline: state.deadline } : undefined
  }

  electorate(): { readonly epoch: number; readonly voters: readonly NodeId[]; readonly pending: string | undefined } {
    const { epoch = 0, voters = [] } = this.#keeper.electorate ?? {}
    return { epoch, voters, pending: this.#keeper.pending }
  }

  explain(service: string, now: Millis): Explanation {
    const elector = this.#electors.get(service)
    const directing = elector?.directing(now)
    const electorate = this.#keeper.electorate
    const voters = electorate?.voters ?? []
    const reaches = (node: NodeId) => node === this.#self || this.#linked.has(node)
    return {
      term: directing?.term,
      since: directing?.since,
      deadline: this.holding(service)?.deadline,
      candidates: this.#candidates(service),
      unable: elector?.unable,
      standing: elector?.state.phase === 'standing',
      isVoter: this.#keeper.isVoter,
      votes: voters.map((voter) => ({
        voter,
        answer: elector?.answers.get(voter)?.verdict ?? (reaches(voter) ? 'no answer' : 'no link'),
      })),
      quorum: electorate === undefined ? 1 : quorumOf(electorate),
      reachable: voters.filter(reaches),
      unreachable: voters.filter((voter) => !reaches(voter)),
    }
  }

  // --- time ---

  /** Everything that is due, in the order in which one makes the other possible. */
  #advance(now: Millis): void {
    for (const [service, elector] of this.#electors) {
      const ended = elector.expire(now)
      const abandoned = elector.takeAbandoned()
      if (abandoned !== undefined) this.#release(service, abandoned.number)
      if (ended !== undefined)
        this.#effects.push({ type: 'lost', service, term: ended, why: 'no majority renewed the lease' })
    }
    if (!this.#stopped) {
      this.#keeper.tick(now)
      let stands = false
      if (this.#mayStand()) {
        for (const [service, elector] of this.#electors) if (elector.stand(this.#rank(service), now)) stands = true
      }
      if (stands || now >= this.#renewAt) this.#ask(now)
    }
    this.#observe(now)
  }

  /** Without links to a majority a candidacy can only use up numbers, which would trouble the next holder. */
  #mayStand(): boolean {
    const { electorate } = this.#keeper
    if (electorate === undefined) return false
    const reachable = electorate.voters.filter((voter) => voter === this.#self || this.#linked.has(voter))
    return reachable.length >= quorumOf(electorate)
  }

  /** One round: every voter is asked for all that this node holds or stands for. */
  #ask(now: Millis): void {
    const wanted = [...this.#electors.values()].flatMap(({ service, wanted: term }) => {
      return term === undefined ? [] : [{ service, number: term.number, flags: 0 }]
    })
    this.#renewAt = wanted.length === 0 ? Number.POSITIVE_INFINITY : now + this.#config.renewEveryMs
    const electorate = this.#keeper.electorate
    if (electorate === undefined) return
    for (let at = 0; at < wanted.length; at += CLAIMS_MAX) {
      const round = this.#nextRound(now)
      const claims = wanted.slice(at, at + CLAIMS_MAX)
      const request = {
        kind: 'request' as const,
        epoch: electorate.epoch,
        round,
        leaseMs: this.#config.leaseMs,
        claims,
      }
      for (const voter of electorate.voters) if (voter !== this.#self) this.#send(voter, request)
      if (this.#keeper.isVoter) this.#onAnswer(this.#self, this.#vote(this.#self, request, now), now)
    }
    this.#announce([...this.#linked], now)
  }

  #nextRound(now: Millis): number {
    this.#round = (this.#round + 1) % 2 ** 32
    this.#sentAt.set(this.#round, now)
    for (const oldest of this.#sentAt.keys()) {
      if (this.#sentAt.size <= ROUNDS_KEPT) break
      this.#sentAt.delete(oldest)
    }
    return this.#round
  }

  #onGap(ms: Millis, now: Millis): void {
    // Shorter ones do no harm: the deadline is an instant of a clock that does not stop, and lanes look at it themselves.
    if (ms < this.#config.leaseMs / 2) return
    this.#sentAt.clear()
    for (const elector of this.#electors.values()) elector.voidLease(now)
  }

  // --- messages ---

  #receive(from: NodeId, bytes: Uint8Array, now: Millis): void {
    const decoded = decodeElection(bytes)
    if (decoded.type === 'unknown') return
    if (decoded.type === 'malformed') {
      const fields = { from, bytes: bytes.length }
      this.#effects.push({ type: 'log', level: 'warn', event: 'election-malformed', fields })
      return
    }
    const { message } = decoded
    switch (message.kind) {
      case 'request':
        for (const { service, number } of message.claims) this.#electors.get(service)?.heardNumber(number)
        return this.#send(from, this.#vote(from, message, now))
      case 'answer':
        return this.#onAnswer(from, message, now)
      case 'release':
        for (const { service, number } of message.claims) this.#voter.release(service, number, from)
        return
      case 'announce':
        for (const { service, number, validMs } of message.terms) {
          this.#electors.get(service)?.heardHolder({ number, holder: from }, validMs, now)
        }
        return
      default:
        return this.#keeper.receive(from, message, now)
    }
  }

  #vote(
    from: NodeId,
    request: Extract<ElectionMessage, { kind: 'request' }>,
    now: Millis,
  ): Extract<ElectionMessage, { kind: 'answer' }> {
    const { epoch, round, leaseMs, claims } = request
    const refusal = this.#refusal(from, epoch)
    const records: DurableRecord[] = []
    const verdicts = claims.map((claim): LeaseVerdict => {
      if (refusal !== undefined) {
        const highest = this.#durable.votes.get(claim.service) ?? { number: 0, holder: '' }
        return { service: claim.service, number: claim.number, verdict: refusal, highest, remainingMs: 0 }
      }
      const { answer, vote } = this.#voter.judge(claim, from, leaseMs, now)
      if (vote !== undefined) records.push({ kind: 'vote', service: claim.service, term: vote })
      return answer
    })
    if (verdicts.some(({ verdict }) => verdict === 'granted') && this.#durable.leaseMs !== this.#config.leaseMs) {
      records.push({ kind: 'lease', leaseMs: this.#config.leaseMs })
    }
    for (const record of records) applyRecord(this.#durable, record)
    if (records.length > 0) this.#effects.push({ type: 'persist', records })
    return { kind: 'answer', epoch: this.#keeper.electorate?.epoch ?? 0, round, verdicts }
  }

  /** Why no claim of a request can be granted at all. */
  #refusal(from: NodeId, epoch: number): Verdict | undefined {
    const { electorate } = this.#keeper
    if (electorate === undefined || !this.#keeper.isVoter) return 'not-voting'
    if (epoch !== electorate.epoch) {
      if (epoch < electorate.epoch) this.#send(from, { kind: 'electorate', electorate })
      return 'epoch'
    }
    return this.#keeper.isChanging ? 'changing' : undefined
  }

  #onAnswer(from: NodeId, answer: Extract<ElectionMessage, { kind: 'answer' }>, now: Millis): void {
    const sentAt = this.#sentAt.get(answer.round)
    const { electorate } = this.#keeper
    if (sentAt === undefined || electorate === undefined) return
    for (const verdict of answer.verdicts) {
      const elector = this.#electors.get(verdict.service)
      const outcome = elector?.answered(from, verdict, sentAt, electorate, now) ?? 'none'
      const held = this.holding(verdict.service)
      if (outcome === 'none' || held === undefined) continue
      this.#effects.push({ type: outcome, service: verdict.service, ...held })
      if (outcome === 'acquired') this.#announce([...this.#linked], now)
    }
  }

  /** Tells who directs what: this node, and only what it holds. */
  #announce(to: readonly NodeId[], now: Millis): void {
    const terms = [...this.#electors.keys()].flatMap((service) => {
      const held = this.holding(service)
      return held === undefined || held.deadline <= now
        ? []
        : [{ service, number: held.term.number, validMs: held.deadline - now }]
    })
    for (let at = 0; at < terms.length; at += CLAIMS_MAX) {
      for (const peer of to) this.#send(peer, { kind: 'announce', terms: terms.slice(at, at + CLAIMS_MAX) })
    }
  }

  // --- services ---

  #setService(service: string, present: boolean, now: Millis): void {
    if (present && !this.#electors.has(service)) {
      const elector = new Elector(service, this.#self, this.#config, this.#random, now)
      elector.heardNumber(this.#durable.votes.get(service)?.number ?? 0)
      this.#electors.set(service, elector)
    }
    if (present || !this.#electors.has(service)) return
    this.#resign(service, 'the service was removed', now)
    this.#electors.delete(service)
    this.#observed.delete(service)
  }

  /** Stops acting first, and then sets the voters free. */
  #resign(service: string, why: string, now: Millis, unable?: { readonly until: Millis; readonly why: string }): void {
    const elector = this.#electors.get(service)
    const wanted = elector?.wanted
    const ended = elector?.stepDown(now, unable)
    if (ended !== undefined) this.#effects.push({ type: 'lost', service, term: ended, why })
    if (wanted === undefined) return
    const { number } = wanted
    elector?.takeAbandoned()
    this.#release(service, number)
    if (ended !== undefined) this.#broadcast({ kind: 'announce', terms: [{ service, number, validMs: 0 }] })
  }

  #release(service: string, number: number): void {
    this.#voter.release(service, number, this.#self)
    for (const voter of this.#keeper.electorate?.voters ?? []) {
      if (voter !== this.#self) this.#send(voter, { kind: 'release', claims: [{ service, number, flags: 0 }] })
    }
  }

  #candidates(service: string): readonly NodeId[] {
    return preferenceOrder(service, [...this.#alive])
  }

  #rank(service: string): number {
    return Math.max(0, this.#candidates(service).indexOf(this.#self))
  }

  #observe(now: Millis): void {
    for (const [service, elector] of this.#electors) {
      const term = elector.directing(now)?.term
      const before = this.#observed.get(service)
      if (term === before || (term !== undefined && before !== undefined && sameTerm(term, before))) continue
      if (term === undefined) this.#observed.delete(service)
      else this.#observed.set(service, term)
      this.#effects.push({ type: 'observed', service, term })
    }
  }

  #broadcast(message: ElectionMessage): void {
    for (const peer of this.#linked) this.#send(peer, message)
  }

  #send(to: NodeId, message: ElectionMessage): void {
    if (this.#linked.has(to)) this.#effects.push({ type: 'send', to, bytes: encodeElection(message) })
  }
}
