/** What a voter must not forget, as records in the order in which they became true; a later one replaces an earlier. */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'

/**
 * Who votes. A seat belongs to one memory of a node, not to the node: `memories` says, beside each voter, which
 * number was drawn when its log of votes was begun. A node that lost the log begins another, has no seat, and cannot vote against what it has
 * forgotten; it is removed and added anew.
 */
export interface Seats {
  /** 1 to 15, sorted. */
  readonly voters: readonly NodeId[]
  readonly memories: readonly number[]
}

export interface Electorate extends Seats {
  /** 1 is the founding; each change adds one. */
  readonly epoch: number
}

/** Paxos' proposal number: rounds first, then the proposer, so that no two proposers share one. */
export interface Ballot {
  readonly round: number
  readonly node: NodeId
}

/**
 * A vote is for one life of its holder: a node that starts anew and knows nothing of its earlier terms must not get one
 * of them again. `boot` 0: whichever life asks first, of a successor that was endorsed unseen.
 */
export interface Vote extends Term {
  readonly boot: number
}

export type DurableRecord =
  | { readonly kind: 'electorate'; readonly electorate: Electorate }
  /** The highest term that this voter has voted for. */
  | { readonly kind: 'vote'; readonly service: string; readonly term: Vote }
  /** For the change that follows `epoch`. */
  | { readonly kind: 'promise'; readonly epoch: number; readonly ballot: Ballot }
  | { readonly kind: 'accepted'; readonly epoch: number; readonly ballot: Ballot; readonly seats: Seats }
  /** The boot in which this log was begun. */
  | { readonly kind: 'memory'; readonly number: number }
  /** The longest lease that this voter grants from now on; written once all longer ones have run out. */
  | { readonly kind: 'lease'; readonly leaseMs: Millis }

export interface DurableState {
  /** Drawn when this memory began. */
  memory: number
  /** `undefined`: a node that joined and has not heard of the electorate yet. */
  electorate: Electorate | undefined
  readonly votes: Map<string, Vote>
  promised: Ballot | undefined
  accepted: { readonly ballot: Ballot; readonly seats: Seats } | undefined
  /** `undefined`: it granted nothing, or a release that did not keep it did. */
  leaseMs: Millis | undefined
}

export function emptyState(memory: number): DurableState {
  return {
    memory,
    electorate: undefined,
    votes: new Map(),
    promised: undefined,
    accepted: undefined,
    leaseMs: undefined,
  }
}

/** The electorate of a new cluster. Nobody has voted under it, so its founder need not be silent after this boot. */
export function foundElectorate(founder: NodeId, memory: number): Electorate {
  return { epoch: 1, voters: [founder], memories: [memory] }
}

/** The memory that a seat belongs to; `undefined`: that node has none. */
export function memoryOf({ voters, memories }: Seats, node: NodeId): number | undefined {
  const at = voters.indexOf(node)
  return at < 0 ? undefined : memories[at]
}

export function withoutSeat({ voters, memories }: Seats, node: NodeId): Seats {
  const at = voters.indexOf(node)
  return { voters: voters.filter((_, i) => i !== at), memories: memories.filter((_, i) => i !== at) }
}

export function withSeat({ voters, memories }: Seats, node: NodeId, memory: number): Seats {
  const at = voters.filter((voter) => voter < node).length
  const insert = <T>(list: readonly T[], item: T) => [...list.slice(0, at), item, ...list.slice(at)]
  return { voters: insert(voters, node), memories: insert(memories, memory) }
}

export function applyRecord(state: DurableState, record: DurableRecord): void {
  switch (record.kind) {
    case 'electorate':
      state.electorate = record.electorate
      state.promised = undefined
      state.accepted = undefined
      break
    case 'vote':
      state.votes.set(record.service, record.term)
      break
    case 'promise':
      if (record.epoch === state.electorate?.epoch) state.promised = record.ballot
      break
    case 'accepted':
      if (record.epoch !== state.electorate?.epoch) break
      state.promised = record.ballot
      state.accepted = { ballot: record.ballot, seats: record.seats }
      break
    case 'memory':
      state.memory = record.number
      break
    case 'lease':
      state.leaseMs = record.leaseMs
      break
  }
}

/** The fewest records that give the same state. */
export function recordsOf(state: DurableState): DurableRecord[] {
  const { electorate, promised, accepted, leaseMs } = state
  const records: DurableRecord[] = [{ kind: 'memory', number: state.memory }]
  if (leaseMs !== undefined) records.push({ kind: 'lease', leaseMs })
  if (electorate !== undefined) records.push({ kind: 'electorate', electorate })
  if (electorate !== undefined && accepted !== undefined) {
    records.push({ kind: 'accepted', epoch: electorate.epoch, ...accepted })
  }
  if (electorate !== undefined && promised !== undefined) {
    records.push({ kind: 'promise', epoch: electorate.epoch, ballot: promised })
  }
  for (const [service, term] of state.votes) records.push({ kind: 'vote', service, term })
  return records
}

export function quorumOf({ voters }: { readonly voters: readonly unknown[] }): number {
  return Math.floor(voters.length / 2) + 1
}

/** Positive if `a` is the higher. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.round !== b.round) return a.round - b.round
  return a.node === b.node ? 0 : a.node < b.node ? -1 : 1
}
