/**
 * Changing the electorate by one voter: one decree of Paxos (Lamport 2001) among the voters of epoch e decides who votes
 * in epoch e + 1. Who drives it, when it is allowed and what follows from it is the caller's.
 *
 * Why two directors cannot arise from a change. A lease stands on grants of a majority of one electorate, a voter that
 * has adopted one refuses every earlier epoch, and it honours what it granted until that has run out.
 *  - Electorates e and e + 1 differ by one voter, so any majority of one meets any of the other in a voter that honours.
 *  - e and e + 2 need not meet. But e + 2 was decided by a majority of e + 1, which meets every majority of e, in a voter
 *    that took part. A voter takes part in the change e + 1 → e + 2 only one lease after it adopted e + 1 (after a start:
 *    one lease after that), and since then it granted nothing under e. So when e + 2 begins, every lease that stands on e
 *    has run out.
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import {
  type Ballot,
  compareBallots,
  type DurableState,
  type Electorate,
  quorumOf,
  type Seats,
} from './durable-state.js'
import type { ElectionMessage } from './messages.js'

type Prepare = Extract<ElectionMessage, { kind: 'prepare' }>
type PromiseMessage = Extract<ElectionMessage, { kind: 'promise' }>
type Accept = Extract<ElectionMessage, { kind: 'accept' }>
type Accepted = Extract<ElectionMessage, { kind: 'accepted' }>

/** The acceptor's answer; `true` in `changed`: promise or acceptance is new and must become durable first. */
export function answerPrepare(
  state: DurableState,
  epoch: number,
  { ballot }: Prepare,
): { answer: PromiseMessage; changed: boolean } {
  const before = state.promised
  const ok = before === undefined || compareBallots(ballot, before) >= 0
  const promised = ok ? ballot : before
  return {
    answer: { kind: 'promise', epoch, ballot, ok, promised, accepted: state.accepted },
    changed: ok && (before === undefined || compareBallots(ballot, before) !== 0),
  }
}

export function answerAccept(
  state: DurableState,
  epoch: number,
  { ballot }: Accept,
): { answer: Accepted; changed: boolean } {
  const before = state.promised
  const ok = before === undefined || compareBallots(ballot, before) >= 0
  return { answer: { kind: 'accepted', epoch, ballot, ok, promised: ok ? ballot : before }, changed: ok }
}

/** One attempt of one proposer. */
export class Proposal {
  readonly #promises = new Map<NodeId, PromiseMessage['accepted']>()
  readonly #accepted = new Set<NodeId>()
  #seats: Seats
  #phase: 'preparing' | 'accepting' | 'decided' | 'beaten' = 'preparing'
  #highest: Ballot

  constructor(
    readonly electorate: Electorate,
    readonly ballot: Ballot,
    /** What is wanted, if nothing was accepted before. */
    wanted: Seats,
    readonly startedAt: Millis,
  ) {
    this.#seats = wanted
    this.#highest = ballot
  }

  get phase(): 'preparing' | 'accepting' | 'decided' | 'beaten' {
    return this.#phase
  }

  get seats(): Seats {
    return this.#seats
  }

  /** The highest round that anybody spoke of: the next attempt goes above it. */
  get highestRound(): number {
    return this.#highest.round
  }

  prepare(): Prepare {
    return { kind: 'prepare', epoch: this.electorate.epoch, ballot: this.ballot }
  }

  /** `accept` when a majority has promised: with the value of the highest ballot that any of them accepted. */
  onPromise(from: NodeId, message: PromiseMessage): Accept | undefined {
    if (this.#phase !== 'preparing' || !this.#concerns(from, message)) return undefined
    if (!message.ok) return this.#beatenBy(message.promised)
    this.#promises.set(from, message.accepted)
    if (this.#promises.size < quorumOf(this.electorate)) return undefined
    this.#phase = 'accepting'
    let highest: Ballot | undefined
    for (const accepted of this.#promises.values()) {
      if (accepted === undefined || (highest !== undefined && compareBallots(accepted.ballot, highest) <= 0)) continue
      highest = accepted.ballot
      this.#seats = accepted.seats
    }
    return { kind: 'accept', epoch: this.electorate.epoch, ballot: this.ballot, seats: this.#seats }
  }

  /** The new electorate, once a majority has accepted it. */
  onAccepted(from: NodeId, message: Accepted): Electorate | undefined {
    if (this.#phase !== 'accepting' || !this.#concerns(from, message)) return undefined
    if (!message.ok) return this.#beatenBy(message.promised)
    this.#accepted.add(from)
    if (this.#accepted.size < quorumOf(this.electorate)) return undefined
    this.#phase = 'decided'
    return { epoch: this.electorate.epoch + 1, ...this.#seats }
  }

  #concerns(from: NodeId, message: PromiseMessage | Accepted): boolean {
    return (
      this.electorate.voters.includes(from) &&
      message.epoch === this.electorate.epoch &&
      compareBallots(message.ballot, this.ballot) === 0
    )
  }

  #beatenBy(ballot: Ballot): undefined {
    this.#phase = 'beaten'
    if (compareBallots(ballot, this.#highest) > 0) this.#highest = ballot
    return undefined
  }
}
