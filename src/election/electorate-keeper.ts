/**
 * Keeps the electorate: adopts what is committed, acts as acceptor and as proposer of changes, grows it by one settled
 * node at a time. It shrinks only where a node says that it leaves or has lost its memory, or an operator gives one up.
 * The rules that make a change safe for leases are in electorate-change.
 */
import type { NodeId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { ElectionConfig } from './config.js'
import {
  applyRecord,
  type DurableRecord,
  type DurableState,
  type Electorate,
  memoryOf,
  type Seats,
  withoutSeat,
  withSeat,
} from './durable-state.js'
import { answerAccept, answerPrepare, Proposal } from './electorate-change.js'
import type { ElectionMessage } from './messages.js'
import type { Roster } from './roster.js'

export interface ElectorateRules {
  /** A voter takes part in a change only one lease after it adopted the present electorate. */
  readonly waitsBetweenChanges: boolean
}

export const SOUND_ELECTORATE_RULES: ElectorateRules = { waitsBetweenChanges: true }

/** How far an operator's force moves the epoch on: above whatever the others may have changed in order meanwhile. */
const FORCED_EPOCHS = 1_000
const EPOCH_MAX = 2 ** 32 - 1

/**
 * As long as the operator who asked is kept waiting: what found no majority by then was reported as failed, and must not
 * happen afterwards. A lease and a change of every profile fit in.
 */
const GIVEN_UP_FOR_MS: Millis = 10_000

export interface KeeperPorts {
  persist(records: readonly DurableRecord[]): void
  send(to: NodeId, message: ElectionMessage): void
  /** To every linked peer. */
  broadcast(message: ElectionMessage): void
  onAdopted(electorate: Electorate): void
}

export class ElectorateKeeper {
  /** In which boot each peer's log of votes was begun, as it said last. */
  readonly #memories = new Map<NodeId, number>()
  /** Given up by an operator, and until when that word holds. */
  readonly #forgotten = new Map<NodeId, Millis>()
  #proposal: Proposal | undefined
  #round = 0
  #adoptedAt: Millis
  #acceptedAt: Millis | undefined
  #retryAt: Millis = 0

  constructor(
    private readonly self: NodeId,
    private readonly state: DurableState,
    private readonly config: ElectionConfig,
    private readonly random: Prng,
    private readonly rules: ElectorateRules,
    private readonly ports: KeeperPorts,
    private readonly roster: Roster,
    now: Millis,
    /** What was granted before this boot has run out by then. */
    private readonly silentUntil: Millis,
  ) {
    this.#adoptedAt = silentUntil - config.leaseMs
    if (state.accepted !== undefined) this.#acceptedAt = now
    this.#round = state.promised?.round ?? 0
  }

  get electorate(): Electorate | undefined {
    return this.state.electorate
  }

  /** There is a seat, and it belongs to what this node remembers. */
  get isVoter(): boolean {
    const { electorate, memory } = this.state
    return electorate !== undefined && memoryOf(electorate, this.self) === memory
  }

  /** There is a seat for what this node has forgotten: it does not vote until it was removed and added anew. */
  get isAmnesiac(): boolean {
    return !this.isVoter && this.state.electorate?.voters.includes(this.self) === true
  }

  /** This node has agreed to another electorate, which may be in force already. */
  get hasAccepted(): boolean {
    return this.state.accepted !== undefined
  }

  /** A peer has a seat, but not for what it remembers now. */
  hasForgotten(peer: NodeId): boolean {
    const { electorate } = this.state
    const memory = this.#memories.get(peer)
    return electorate?.voters.includes(peer) === true && memory !== undefined && memory !== memoryOf(electorate, peer)
  }

  /** A change under way, in words. */
  get pending(): string | undefined {
    const voters = (this.#proposal?.seats ?? this.state.accepted?.seats)?.voters
    const before = this.state.electorate?.voters ?? []
    const added = voters?.find((voter) => !before.includes(voter))
    const removed = before.find((voter) => voters?.includes(voter) === false)
    if (added !== undefined) return `adding ${added.slice(0, 8)}`
    return removed === undefined ? undefined : `removing ${removed.slice(0, 8)}`
  }

  linkUp(peer: NodeId): void {
    // Who comes back is not given up.
    this.#forgotten.delete(peer)
    this.ports.send(peer, { kind: 'memory', number: this.state.memory })
    if (this.state.electorate !== undefined)
      this.ports.send(peer, { kind: 'electorate', electorate: this.state.electorate })
  }

  /** Removes a voter that will not come back, once a majority of the others agrees. */
  giveUp(node: NodeId, now: Millis): void {
    const isVoter = this.state.electorate?.voters.includes(node) === true
    if (isVoter && !this.roster.reaches(node)) this.#forgotten.set(node, now + GIVEN_UP_FOR_MS)
  }

  /** This voter alone decides who votes from now on. The caller has been told what that risks. */
  force(without: readonly NodeId[], now: Millis): void {
    const { electorate } = this.state
    if (electorate === undefined || !this.isVoter) return
    let seats: Seats = electorate
    for (const node of without) if (node !== this.self) seats = withoutSeat(seats, node)
    const { voters, memories } = seats
    this.#adopt({ epoch: Math.min(EPOCH_MAX, electorate.epoch + FORCED_EPOCHS), voters, memories }, now)
  }

  receive(from: NodeId, message: ElectionMessage, now: Millis): void {
    const { electorate } = this.state
    if (message.kind === 'electorate') return this.#adopt(message.electorate, now)
    if (message.kind === 'memory') return void this.#memories.set(from, message.number)
    if (!('epoch' in message) || electorate === undefined) return
    if (message.epoch < electorate.epoch) return this.ports.send(from, { kind: 'electorate', electorate })
    if (message.epoch > electorate.epoch) return
    if (message.kind === 'promise') {
      const accept = this.#proposal?.onPromise(from, message)
      if (accept !== undefined) this.#toVoters(accept, now)
    } else if (message.kind === 'accepted') {
      const decided = this.#proposal?.onAccepted(from, message)
      if (decided !== undefined) this.#adopt(decided, now)
    } else if (message.kind === 'prepare' || message.kind === 'accept') {
      const answer = this.#accept(message, now)
      if (answer !== undefined) this.ports.send(from, answer)
    }
  }

  tick(now: Millis): void {
    const { electorate } = this.state
    if (electorate === undefined || !this.isVoter || now < this.nextDeadline()) return
    this.#retryAt = now + this.config.changeRetryMs * (1 + this.random.unit())
    const wanted = this.#wantedSeats(electorate, now)
    if (wanted === undefined) {
      this.#proposal = undefined
      return
    }
    this.#round = Math.max(this.#round, this.#proposal?.highestRound ?? 0, this.state.promised?.round ?? 0) + 1
    this.#proposal = new Proposal(electorate, { round: this.#round, node: this.self }, wanted, now)
    this.#toVoters(this.#proposal.prepare(), now)
  }

  nextDeadline(): Millis {
    return Math.max(this.#retryAt, this.rules.waitsBetweenChanges ? this.#adoptedAt + this.config.leaseMs : 0)
  }

  /** A change that somebody left half done comes first; then who leaves or is given up; then a settled newcomer. */
  #wantedSeats(electorate: Electorate, now: Millis): Seats | undefined {
    const { accepted } = this.state
    if (accepted !== undefined) {
      const isStuck = this.#acceptedAt === undefined || now >= this.#acceptedAt + 2 * this.config.changeRetryMs
      return isStuck ? accepted.seats : undefined
    }
    if (this.#proposer(electorate) !== this.self) return undefined
    // A seat that cannot vote counts against every majority: it goes before one that may still come back, and whoever
    // leaves goes last, since it still votes for the others.
    const leaver =
      electorate.voters.find((voter) => !this.#remembers(electorate, voter)) ??
      electorate.voters.find((voter) => now < (this.#forgotten.get(voter) ?? 0)) ??
      electorate.voters.find((voter) => !this.#stays(electorate, voter))
    if (leaver !== undefined && electorate.voters.length > 1) return withoutSeat(electorate, leaver)
    if (electorate.voters.length >= this.config.votersMax) return undefined
    const newcomer = this.roster
      .linked()
      .filter((node) => !electorate.voters.includes(node) && this.roster.standing(node).votes)
      .filter((node) => this.#memories.has(node) && this.#isSettled(node, now))
      .sort()[0]
    return newcomer === undefined ? undefined : withSeat(electorate, newcomer, this.#memories.get(newcomer) ?? 0)
  }

  /** One voter proposes, or ballots would beat each other: the lowest that stays. */
  #proposer(electorate: Electorate): NodeId | undefined {
    return electorate.voters.filter((voter) => this.roster.reaches(voter) && this.#stays(electorate, voter)).sort()[0]
  }

  #stays(electorate: Electorate, voter: NodeId): boolean {
    return this.roster.standing(voter).votes && this.#remembers(electorate, voter)
  }

  /** As far as is known, it remembers what its seat stands for. */
  #remembers(electorate: Electorate, voter: NodeId): boolean {
    const memory = voter === this.self ? this.state.memory : this.#memories.get(voter)
    return memory === undefined || memory === memoryOf(electorate, voter)
  }

  #isSettled(node: NodeId, now: Millis): boolean {
    const since = this.roster.linkedSince(node)
    return since !== undefined && now >= since + this.config.settleMs
  }

  #accept(message: Extract<ElectionMessage, { kind: 'prepare' | 'accept' }>, now: Millis): ElectionMessage | undefined {
    const tooSoon = this.rules.waitsBetweenChanges && now < this.#adoptedAt + this.config.leaseMs
    if (!this.isVoter || tooSoon) return undefined
    const { epoch } = message
    if (message.kind === 'prepare') {
      const { answer, changed } = answerPrepare(this.state, epoch, message)
      if (changed) this.#keep({ kind: 'promise', epoch, ballot: message.ballot })
      return answer
    }
    const { answer, changed } = answerAccept(this.state, epoch, message)
    if (changed) {
      this.#acceptedAt = now
      this.#keep({ kind: 'accepted', epoch, ballot: message.ballot, seats: message.seats })
    }
    return answer
  }

  #toVoters(message: Extract<ElectionMessage, { kind: 'prepare' | 'accept' }>, now: Millis): void {
    for (const voter of this.state.electorate?.voters ?? []) {
      if (voter !== this.self) this.ports.send(voter, message)
    }
    // Its own answer last: with one voter it decides at once.
    const answer = this.#accept(message, now)
    if (answer !== undefined) this.receive(this.self, answer, now)
  }

  #adopt(electorate: Electorate, now: Millis): void {
    const { electorate: present } = this.state
    const ahead = electorate.epoch - (present?.epoch ?? 0)
    // Two of one epoch come only from force on both sides of a cut: one of them must give way, the same everywhere.
    const isRival = ahead === 0 && present !== undefined && seatsText(electorate) < seatsText(present)
    if (ahead <= 0 && !isRival) return
    this.#keep({ kind: 'electorate', electorate })
    this.#proposal = undefined
    this.#acceptedAt = undefined
    // What an earlier boot granted may run for longer than a lease from now.
    this.#adoptedAt = Math.max(now, this.silentUntil - this.config.leaseMs)
    for (const node of this.#forgotten.keys()) if (!electorate.voters.includes(node)) this.#forgotten.delete(node)
    this.ports.broadcast({ kind: 'electorate', electorate })
    this.ports.onAdopted(electorate)
  }

  #keep(record: DurableRecord): void {
    applyRecord(this.state, record)
    this.ports.persist([record])
  }
}

function seatsText({ voters, memories }: Seats): string {
  return JSON.stringify([voters, memories])
}
