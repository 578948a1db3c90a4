/** `GET /v1/services/NAME/why`: who directs a service, and why. */
import type { Millis } from '../../base/time.js'
import type { NodeRef, TermView } from './node-ref.js'

export interface VoteView {
  readonly voter: NodeRef
  /** `granted` (to whom), `refused` (why), `silent`, `unreachable`. */
  readonly answer: string
}

export interface WhyView {
  readonly service: string
  readonly director: NodeRef | null
  readonly term: TermView | null
  readonly sinceMs: Millis | null
  /** Plain sentences in reading order: who, since when, why that one, who else could, what would change it. */
  readonly sentences: readonly string[]
  /** Candidates in order of preference, with what speaks against each. */
  readonly candidates: readonly (NodeRef & {
    readonly rank: number
    readonly eligible: boolean
    readonly note: string
  })[]
  readonly votes: readonly VoteView[]
}
