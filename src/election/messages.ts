/** What voters, holders and proposers say to each other, over control links whose ends are proven. */
import type { NodeId, Term } from '../base/ids.js'
import type { Ballot, Electorate, Seats } from './durable-state.js'

/** Whatever the holder acts through ends with its process: evidence of that death frees the grant early. */
export const FLAG_DIES_WITH_PROCESS = 1
/** Held without a majority, by the node that the service names for that; never granted, only announced. */
export const FLAG_ALONE = 2

/** A term of the sender's, as it asks for it or announces it. */
export interface LeaseClaim {
  readonly service: string
  readonly number: number
  readonly flags: number
}

export const VERDICTS = ['granted', 'held', 'older-term', 'silent', 'not-voting', 'epoch', 'too-long'] as const
export type Verdict = (typeof VERDICTS)[number]

export interface LeaseVerdict {
  readonly service: string
  readonly number: number
  readonly verdict: Verdict
  /** The highest term that the voter knows for the service; number 0 for none. */
  readonly highest: Term
  /** `held`, `silent`: how long still. */
  readonly remainingMs: number
}

export interface LeaseRequest {
  readonly kind: 'request'
  readonly epoch: number
  readonly round: number
  readonly leaseMs: number
  /** Names these claims for `renew`; a sender never uses a number twice for others. */
  readonly batch: number
  readonly claims: readonly LeaseClaim[]
}

export interface LeaseAnswer {
  readonly kind: 'answer'
  readonly epoch: number
  readonly round: number
  readonly verdicts: readonly LeaseVerdict[]
}

export type ElectionMessage =
  /** All that one holder asks of one voter travels together; `round` comes back in the answer. */
  | LeaseRequest
  /** The same request once more, by its number: what a thousand services cost each round. */
  | {
      readonly kind: 'renew'
      readonly epoch: number
      readonly round: number
      readonly leaseMs: number
      readonly batch: number
    }
  | LeaseAnswer
  /** Everything that was asked in that round. */
  | { readonly kind: 'all-granted'; readonly epoch: number; readonly round: number }
  /** From the holder, after it has stopped acting: its grants are free. */
  | { readonly kind: 'release'; readonly claims: readonly LeaseClaim[] }
  /** The same, but in favour of one: whoever granted `number` to the sender now grants `number + 1` to `successor` only. */
  | { readonly kind: 'endorse'; readonly service: string; readonly number: number; readonly successor: NodeId }
  /** To everybody: the sender directs these. `validMs` from receipt at the longest. */
  | {
      readonly kind: 'announce'
      readonly batch: number
      readonly validMs: number
      readonly claims: readonly LeaseClaim[]
    }
  | { readonly kind: 'still'; readonly batch: number; readonly validMs: number }
  /** The sender has stopped directing these. */
  | { readonly kind: 'ended'; readonly claims: readonly LeaseClaim[] }
  /** A number came whose claims the sender does not have; they are to be sent whole. */
  | { readonly kind: 'which'; readonly batch: number }
  /** First on each link: what was drawn when the sender's log of votes was begun. */
  | { readonly kind: 'memory'; readonly number: number }
  /** To voters: an operator has given this node up; whoever proposes changes is to remove it. */
  | { readonly kind: 'forget'; readonly node: NodeId }
  /** A committed one. */
  | { readonly kind: 'electorate'; readonly electorate: Electorate }
  | { readonly kind: 'prepare'; readonly epoch: number; readonly ballot: Ballot }
  | {
      readonly kind: 'promise'
      readonly epoch: number
      readonly ballot: Ballot
      readonly ok: boolean
      /** What stands against it, or what was promised. */
      readonly promised: Ballot
      readonly accepted: { readonly ballot: Ballot; readonly seats: Seats } | undefined
    }
  | { readonly kind: 'accept'; readonly epoch: number; readonly ballot: Ballot; readonly seats: Seats }
  | {
      readonly kind: 'accepted'
      readonly epoch: number
      readonly ballot: Ballot
      readonly ok: boolean
      readonly promised: Ballot
    }
