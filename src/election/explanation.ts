import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { Verdict } from './messages.js'

/** What this node knows of one service's election, for `why` and `status`. */
export interface Explanation {
  /** The term in force, as far as this node knows. */
  readonly term: Term | undefined
  readonly since: Millis | undefined
  /** Only where this node holds the lease: until when. */
  readonly deadline: Millis | undefined
  /** Live candidates in order of preference. */
  readonly candidates: readonly NodeId[]
  /** This node keeps out for now, and why. */
  readonly unable: { readonly until: Millis; readonly why: string } | undefined
  readonly standing: boolean
  readonly isVoter: boolean
  /** Voters' last answers to this node, where it holds or stands. */
  readonly votes: readonly { readonly voter: NodeId; readonly answer: Verdict | 'no answer' | 'no link' }[]
  readonly quorum: number
  /** Voters with a link, this node among them. */
  readonly reachable: readonly NodeId[]
  readonly unreachable: readonly NodeId[]
}
