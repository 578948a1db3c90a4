/**
 * All elections of a node, put together: the candidate's side (contests), one voter for all services, one electorate.
 * After leases by majority (Gray and Cheriton 1989) with terms, as Raft numbers them; the electorate changes by single
 * decrees of Paxos. What a holder asks of a voter for all its services travels in one message. Links, disk and time are
 * left to others.
 */
import { unreachable } from '../base/assert.js'
import type { NodeId, Term } from '../base/ids.js'
import type { Machine } from '../base/machine.js'
import type { Millis } from '../base/time.js'
import { Announcements } from './announcements.js'
import { BatchNumbers } from './batches.js'
import type { CarriedElections } from './carried.js'
import { decodeElection, encodeElection } from './codec.js'
import { type ContestOptions, Contests } from './contests.js'
import type { DurableRecord } from './durable-state.js'
import { ElectorateKeeper, type ElectorateRules, SOUND_ELECTORATE_RULES } from './electorate-keeper.js'
import type { Explanation } from './explanation.js'
import type { ElectionMessage } from './messages.js'
import { Polling } from './polling.js'
import type { ElectionEffect, ElectionEvent } from './ports.js'
import { Roster } from './roster.js'
import { SOUND_RULES, Voter, type VoterRules } from './voter.js'
import { shortest, Voting } from './voting.js'

export interface ElectionsOptions extends ContestOptions {
  /** Nothing was ever voted here, so no earlier boot can have granted anything: no silence is needed. */
  readonly isFresh: boolean
  readonly now: Millis
  /** Of an earlier process of this very life, which acts no more. */
  readonly carried?: CarriedElections | undefined
  /** For tests that show what each rule is for. */
  readonly rules?: Partial<VoterRules & ElectorateRules>
}

export class Elections implements Machine<ElectionEvent, ElectionEffect> {
  readonly #roster: Roster
  readonly #voter: Voter
  readonly #keeper: ElectorateKeeper
  readonly #polling: Polling
  readonly #voting: Voting
  readonly #announcements: Announcements
  readonly #contests: Contests
  readonly #effects: ElectionEffect[] = []
  #stopped = false

  constructor(private readonly options: ElectionsOptions) {
    const { self, config, random, durable, isFresh, now, carried, rules = {} } = options
    const emit = (effect: ElectionEffect) => void this.#effects.push(effect)
    const send = (to: NodeId, message: ElectionMessage) => this.#send(to, message)
    const persist = (records: readonly DurableRecord[]) => emit({ type: 'persist', records })
    const roster = new Roster(self, now)
    // The last boot may have run with a longer lease.
    const bootUntil = isFresh ? now : now + Math.max(config.leaseMs, durable.leaseMs ?? 0)
    const silentUntil = carried?.voter.silentUntil ?? bootUntil
    const voter = new Voter(durable.votes, config.leaseMs, silentUntil, { ...SOUND_RULES, ...rules })
    const broadcast = (message: ElectionMessage) => this.#broadcast(message)
    const ports = {
      persist,
      send,
      broadcast,
      onAdopted: ({ epoch, voters }: { epoch: number; voters: readonly NodeId[] }) =>
        emit({ type: 'electorate', epoch, voters }),
    }
    const keeperRules = { ...SOUND_ELECTORATE_RULES, ...rules }
    const keeper = new ElectorateKeeper(self, durable, config, random, keeperRules, ports, roster, now, bootUntil)
    const numbers = new BatchNumbers()
    const polling = new Polling(self, config, numbers, send)
    const announcements = new Announcements(numbers, send)
    const bootOf = (node: NodeId) => (node === self ? options.boot : roster.boot(node))
    const voting = new Voting(voter, keeper, durable, config.leaseMs, bootOf, persist, send)
    this.#roster = roster
    this.#voter = voter
    this.#keeper = keeper
    this.#polling = polling
    this.#announcements = announcements
    this.#voting = voting
    this.#contests = new Contests(
      options,
      {
        roster,
        keeper,
        voter,
        voting,
        polling,
        announcements,
        emit,
        send,
        broadcast,
      },
      carried?.electors,
    )
    if (carried === undefined) return
    roster.resume(carried.boots)
    voter.resume(carried.voter)
  }

  /** For another process that goes on with this life: nothing may be done here afterwards, unless that comes to nothing. */
  get carried(): CarriedElections {
    return { voter: this.#voter.carried, boots: this.#roster.boots, electors: this.#contests.carried }
  }

  handle(event: ElectionEvent, now: Millis): void {
    switch (event.type) {
      case 'start':
        break
      case 'message':
        this.#receive(event.from, event.bytes, now)
        break
      case 'link-up':
        if (this.#roster.isReborn(event.peer, event.boot)) this.#bury(event.peer, now)
        this.#roster.linkUp(event.peer, event.boot, now)
        this.#keeper.linkUp(event.peer)
        // What an earlier process of this life holds was renewed last before its links ended.
        if (this.options.carried !== undefined) this.#contests.renewNow(now)
        this.#announcements.tell([event.peer], this.#contests.held(now), now)
        break
      case 'link-down':
        this.#onLinkDown(event.peer, event.byUs)
        break
      case 'refused':
        if (!this.#roster.reaches(event.peer)) this.#bury(event.peer, now)
        break
      case 'member':
        this.#roster.setMember(event.node, event.alive, event.standing, now)
        break
      case 'services':
        for (const { name, rules } of event.services) this.#contests.setService(name, rules, now)
        break
      case 'service-gone':
        this.#contests.removeService(event.name, now)
        break
      case 'unable':
        this.#contests.resign(event.service, event.why, now, { until: now + event.forMs, why: event.why })
        break
      case 'resign':
        this.#contests.resign(event.service, 'it was asked to', now)
        break
      case 'transfer':
        this.#contests.transfer(event.service, event.to, now)
        break
      case 'rival':
        this.#contests.looked(event, now)
        break
      case 'clock-gap':
        this.#onGap(event.ms, now)
        break
      case 'forget':
        this.#keeper.giveUp(event.node, now)
        this.#broadcast({ kind: 'forget', node: event.node })
        break
      case 'force-forget':
        this.#keeper.force(event.nodes, now)
        break
      case 'stop':
        this.#contests.stop(now)
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
    const keeper = this.#keeper.isVoter ? this.#keeper.nextDeadline() : Number.POSITIVE_INFINITY
    const next = Math.min(keeper, this.#contests.nextDeadline())
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  holding(service: string): { readonly term: Term; readonly deadline: Millis; readonly alone: boolean } | undefined {
    return this.#contests.holding(service)
  }

  electorate(): { readonly epoch: number; readonly voters: readonly NodeId[]; readonly pending: string | undefined } {
    const { epoch = 0, voters = [] } = this.#keeper.electorate ?? {}
    return { epoch, voters, pending: this.#keeper.pending }
  }

  /** There is a control link to it; also true of this node itself. */
  reaches(node: NodeId): boolean {
    return this.#roster.reaches(node)
  }

  /** One length for all services. */
  get leaseMs(): Millis {
    return this.options.config.leaseMs
  }

  /** There is a seat for what this node has forgotten: it does not vote until it was removed and added anew. */
  get isAmnesiac(): boolean {
    return this.#keeper.isAmnesiac
  }

  /** The same of a peer, as far as it has said. */
  hasForgotten(peer: NodeId): boolean {
    return this.#keeper.hasForgotten(peer)
  }

  explain(service: string, now: Millis): Explanation {
    return this.#contests.explain(service, now)
  }

  /** Everything that is due, in the order in which one makes the other possible. */
  #advance(now: Millis): void {
    this.#contests.expire(now)
    if (!this.#stopped) this.#keeper.tick(now)
    this.#contests.stand(now)
    this.#contests.observe(now)
  }

  #onGap(ms: Millis, now: Millis): void {
    // Shorter ones do no harm: the deadline is an instant of a clock that does not stop, and lanes look at it themselves.
    if (ms >= this.options.config.leaseMs / 2) this.#contests.voidLeases(now)
  }

  #onLinkDown(peer: NodeId, byUs: boolean): void {
    this.#roster.linkDown(peer)
    for (const part of [this.#polling, this.#voting, this.#announcements]) part.forget(peer)
    if (byUs) this.#contests.strike(peer)
  }

  /** A node's process has ended: what it held through that process is free. */
  #bury(node: NodeId, now: Millis): void {
    this.#roster.bury(node, now)
    this.#voter.bury(node)
    this.#contests.bury(node, now)
  }

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
      case 'renew': {
        const claims = this.#voting.claimsOf(from, message)
        if (claims === undefined) return
        this.#contests.heardClaims(from, claims, now)
        return this.#send(from, shortest(this.#voting.vote(from, message, claims, now)))
      }
      case 'answer':
        return this.#contests.answered(from, message, now)
      case 'all-granted':
        return this.#contests.allGranted(from, message.epoch, message.round, now)
      case 'release':
        for (const { service, number } of message.claims) {
          this.#voter.release(service, number, from, this.#roster.boot(from))
        }
        return
      case 'endorse':
        this.#voting.endorse(from, message, now)
        this.#contests.heardEnd(message.service, { number: message.number, holder: from }, now)
        if (message.successor === this.options.self) {
          this.#contests.endorsed(message.service, message.number + 1, from, now)
        }
        return
      case 'announce':
      case 'still':
        this.#contests.heardHolder(from, this.#announcements.hear(from, message) ?? [], message.validMs, now)
        return
      case 'ended':
        for (const { service, number } of message.claims) {
          this.#contests.heardEnd(service, { number, holder: from }, now)
        }
        return
      case 'which':
        this.#polling.resend(from, message.batch, this.#keeper.electorate?.epoch ?? 0, now)
        return this.#announcements.resend(from, message.batch, now)
      case 'forget':
        return this.#keeper.giveUp(message.node, now)
      default:
        return this.#keeper.receive(from, message, now)
    }
  }

  #broadcast(message: ElectionMessage): void {
    for (const peer of this.#roster.linked()) this.#send(peer, message)
  }

  #send(to: NodeId, message: ElectionMessage): void {
    if (to !== this.options.self && this.#roster.reaches(to)) {
      this.#effects.push({ type: 'send', to, bytes: encodeElection(message) })
    }
  }
}
