/** What a voter must not forget, as records in the order in which they became true; a later one replaces an earlier. */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'

export interface Electorate {
  /** 1 is the founding; each change adds one. */
  readonly epoch: number
  /** 1 to 15, sorted. */
  readonly voters: readonly NodeId[]
}

/** Paxos' proposal number: rounds first, then the proposer, so that no two proposers share one. */
export interface Ballot {
  readonly round: number
  readonly node: NodeId
}

export type DurableRecord =
  | { readonly kind: 'electorate'; readonly electorate: Electorate }
  /** The highest term that this voter has voted for. */
  | { readonly kind: 'vote'; readonly service: string; readonly term: Term }
  /** For the change that follows `epoch`. */
  | { readonly kind: 'promise'; readonly epoch: number; readonly ballot: Ballot }
  | { readonly kind: 'accepted'; readonly epoch: number; readonly ballot: Ballot; readonly voters: readonly NodeId[] }
  | { readonly kind: 'forgot'; readonly forgot: boolean }
  /** The longest lease that this voter grants from now on; written once all longer ones have run out. */
  | { readonly kind: 'lease'; readonly leaseMs: Millis }

export interface DurableState {
  /** What this node promised earlier is lost: it does not vote until it has been removed and added anew. */
  forgot: boolean
  /** `undefined`: a node that joined and has not heard of the electorate yet. */
  electorate: Electorate | undefined
  readonly votes: Map<string, Term>
  promised: Ballot | undefined
  accepted: { readonly ballot: Ballot; readonly voters: readonly NodeId[] } | undefined
  /** `undefined`: it granted nothing, or a release that did not keep it did. */
  leaseMs: Millis | undefined
}

export function emptyState(): DurableState {
  return {
    forgot: false,
    electorate: undefined,
    votes: new Map(),
    promised: undefined,
    accepted: undefined,
    leaseMs: undefined,
  }
}

/** The electorate of a new cluster. Nobody has voted under it, so its founder need not be silent after this boot. */
export function foundElectorate(founder: NodeId): Electorate {
  return { epoch: 1, voters: [founder] }
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
      state.accepted = { ballot: record.ballot, voters: record.voters }
      break
    case 'forgot':
      state.forgot = record.forgot
      break
    case 'lease':
      state.leaseMs = record.leaseMs
      break
  }
}

/** The fewest records that give the same state. */
export function recordsOf(state: DurableState): DurableRecord[] {
  const { electorate, promised, accepted, leaseMs } = state
  const records: DurableRecord[] = []
  if (state.forgot) records.push({ kind: 'forgot', forgot: true })
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

export function quorumOf(electorate: Electorate): number {
  return Math.floor(electorate.voters.length / 2) + 1
}

/** Positive if `a` is the higher. */
export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.round !== b.round) return a.round - b.round
  return a.node === b.node ? 0 : a.node < b.node ? -1 : 1
}
