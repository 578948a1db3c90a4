/** Where one service's election stands on one node. */
import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { LeaseVerdict } from './messages.js'

/** What a voter answered last, for `why`. */
export interface LastAnswer {
  readonly verdict: LeaseVerdict['verdict']
  readonly highest: Term
  readonly at: Millis
}

export interface KnownHolder {
  readonly term: Term
  readonly flags: number
  readonly until: Millis
  readonly since: Millis
}

export interface Unable {
  readonly until: Millis
  readonly why: string
}

interface Holding {
  readonly phase: 'holding'
  readonly term: Term
  readonly since: Millis
  deadline: Millis
  alone: boolean
}

export type ElectorState =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'standing'
      readonly term: Term
      readonly since: Millis
      /** Whoever gave up the term before in favour of this node. */
      readonly endorser: NodeId | undefined
      won: boolean
    }
  | Holding

/** For another process of the same life. A candidacy does not go along: its number may be used again. */
export interface CarriedElector {
  readonly holding: Holding | undefined
  /** For each voter, when the request was sent that it granted last. */
  readonly granted: readonly (readonly [voter: NodeId, sentAt: Millis])[]
  readonly known: KnownHolder | undefined
  readonly highestNumber: number
  readonly unusedNumber: number
  readonly notBefore: Millis
  readonly unable: Unable | undefined
}
