/**
 * Keeps the electorate: adopts what is committed, acts as acceptor and as proposer of changes, grows it by one settled
 * node at a time. It never shrinks by itself. The rules that make a change safe for leases are in electorate-change.
 */
import type { NodeId } from '../base/ids.js'
import type { Prng } from '../base/prng.js'
import type { Millis } from '../base/time.js'
import type { ElectionConfig } from './config.js'
import { applyRecord, type DurableRecord, type DurableState, type Electorate } from './durable-state.js'
import { answerAccept, answerPrepare, Proposal } from './electorate-change.js'
import type { ElectionMessage } from './messages.js'

export interface ElectorateRules {
  /** A voter takes part in a change only one lease after it adopted the present electorate. */
  readonly waitsBetweenChanges: boolean
  /** A voter that accepted the next electorate renews nothing under the present one. */
  readonly holdsRenewals: boolean
}

export const SOUND_ELECTORATE_RULES: ElectorateRules = { waitsBetweenChanges: true, holdsRenewals: true }

export interface KeeperPorts {
  persist(records: readonly DurableRecord[]): void
  send(to: NodeId, message: ElectionMessage): void
  /** To every linked peer. */
  broadcast(message: ElectionMessage): void
  onAdopted(electorate: Electorate): void
}

export class ElectorateKeeper {
  readonly #linkedSince = new Map<NodeId, Millis>()
  #proposal: Proposal | undefined
  #round = 0
  #adoptedAt: Millis
  #acceptedAt: Millis | undefined
  #retryAt: Millis = 0
  #removal: NodeId | undefined

  constructor(
    private readonly self: NodeId,
    private readonly state: DurableState,
    private readonly config: ElectionConfig,
    private readonly random: Prng,
    private readonly rules: ElectorateRules,
    private readonly ports: KeeperPorts,
    now: Millis,
    /** What was granted before this boot has run out by then. */
    silentUntil: Millis,
  ) {
    this.#adoptedAt = silentUntil - config.leaseMs
    if (state.accepted !== undefined) this.#acceptedAt = now
    this.#round = state.promised?.round ?? 0
  }

  get electorate(): Electorate | undefined {
    return this.state.electorate
  }

  /** A member of the electorate that remembers what it promised. */
  get isVoter(): boolean {
    return !this.state.forgot && this.state.electorate?.voters.includes(this.self) === true
  }

  /** This node's memory is lost, and with it its vote. */
  forget(): void {
    if (!this.state.forgot) this.#keep({ kind: 'forgot', forgot: true })
  }

  /** The present electorate may be over already: nothing is granted under it. */
  get isChanging(): boolean {
    return this.rules.holdsRenewals && this.state.accepted !== undefined
  }

  /** A change under way, in words. */
  get pending(): string | undefined {
    const voters = this.#proposal?.voters ?? this.state.accepted?.voters
    const before = this.state.electorate?.voters ?? []
    const added = voters?.find((voter) => !before.includes(voter))
    const removed = before.find((voter) => voters?.includes(voter) === false)
    if (added !== undefined) return `adding ${added.slice(0, 8)}`
    return removed === undefined ? undefined : `removing ${removed.slice(0, 8)}`
  }

  linkUp(peer: NodeId, now: Millis): void {
    this.#linkedSince.set(peer, now)
    if (this.state.electorate !== undefined)
      this.ports.send(peer, { kind: 'electorate', electorate: this.state.electorate })
  }

  linkDown(peer: NodeId): void {
    this.#linkedSince.delete(peer)
  }

  remove(node: NodeId): void {
    this.#removal = node
  }

  receive(from: NodeId, message: ElectionMessage, now: Millis): void {
    const { electorate } = this.state
    if (message.kind === 'electorate') return this.#adopt(message.electorate, now)
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
    const wanted = this.#wantedVoters(electorate, now)
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

  /** A change that somebody left half done comes first; then a removal that was asked for; then a settled newcomer. */
  #wantedVoters(electorate: Electorate, now: Millis): readonly NodeId[] | undefined {
    const { accepted } = this.state
    if (accepted !== undefined) {
      const isStuck = this.#acceptedAt === undefined || now >= this.#acceptedAt + 2 * this.config.changeRetryMs
      return isStuck ? accepted.voters : undefined
    }
    const removal = this.#removal
    if (removal !== undefined && electorate.voters.length > 1 && electorate.voters.includes(removal)) {
      return electorate.voters.filter((voter) => voter !== removal)
    }
    const liveVoters = electorate.voters.filter((voter) => voter === this.self || this.#linkedSince.has(voter))
    if ([...liveVoters].sort()[0] !== this.self || electorate.voters.length >= this.config.votersMax) return undefined
    const newcomer = [...this.#linkedSince]
      .filter(([node, since]) => !electorate.voters.includes(node) && now >= since + this.config.settleMs)
      .map(([node]) => node)
      .sort()[0]
    return newcomer === undefined ? undefined : [...electorate.voters, newcomer].sort()
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
      this.#keep({ kind: 'accepted', epoch, ballot: message.ballot, voters: message.voters })
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
    if (electorate.epoch <= (this.state.electorate?.epoch ?? 0)) return
    this.#keep({ kind: 'electorate', electorate })
    if (this.state.forgot && !electorate.voters.includes(this.self)) this.#keep({ kind: 'forgot', forgot: false })
    this.#proposal = undefined
    this.#acceptedAt = undefined
    this.#adoptedAt = now
    if (this.#removal !== undefined && !electorate.voters.includes(this.#removal)) this.#removal = undefined
    this.ports.broadcast({ kind: 'electorate', electorate })
    this.ports.onAdopted(electorate)
  }

  #keep(record: DurableRecord): void {
    applyRecord(this.state, record)
    this.ports.persist([record])
  }
}
