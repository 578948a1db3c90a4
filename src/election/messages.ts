/** What voters, holders and proposers say to each other, over control links whose ends are proven. */
import type { NodeId, Term } from '../base/ids.js'
import type { Ballot, Electorate } from './durable-state.js'

/** Set where the service address is on a device that dies with the holder's process: a death may then free the grant early. */
export const LEASE_FLAG_SILENT = 1

export interface LeaseClaim {
  readonly service: string
  readonly number: number
  readonly flags: number
}

export const VERDICTS = [
  'granted',
  'held',
  'older-term',
  'silent',
  'not-voting',
  'epoch',
  'changing',
  'too-long',
] as const
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

export type ElectionMessage =
  /** All that one holder asks of one voter travels together; `round` comes back in the answer. */
  | {
      readonly kind: 'request'
      readonly epoch: number
      readonly round: number
      readonly leaseMs: number
      readonly claims: readonly LeaseClaim[]
    }
  | {
      readonly kind: 'answer'
      readonly epoch: number
      readonly round: number
      readonly verdicts: readonly LeaseVerdict[]
    }
  /** From the holder, after it has stopped acting: its grants are free. */
  | { readonly kind: 'release'; readonly claims: readonly LeaseClaim[] }
  /** To everybody: who directs. `validMs` from receipt at the longest; 0: it has stopped. */
  | {
      readonly kind: 'announce'
      readonly terms: readonly { readonly service: string; readonly number: number; readonly validMs: number }[]
    }
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
      readonly accepted: { readonly ballot: Ballot; readonly voters: readonly NodeId[] } | undefined
    }
  | { readonly kind: 'accept'; readonly epoch: number; readonly ballot: Ballot; readonly voters: readonly NodeId[] }
  | {
      readonly kind: 'accepted'
      readonly epoch: number
      readonly ballot: Ballot
      readonly ok: boolean
      readonly promised: Ballot
    }
