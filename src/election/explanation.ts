import type { NodeId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { quorumOf } from './durable-state.js'
import type { Elector } from './elector.js'
import type { ElectorateKeeper } from './electorate-keeper.js'
import { FLAG_ALONE, type Verdict } from './messages.js'
import type { ServiceRules } from './ports.js'
import type { Roster } from './roster.js'

/** What this node knows of one service's election, for `why` and `status`. */
export interface Explanation {
  /** The term in force, as far as this node knows. */
  readonly term: Term | undefined
  readonly since: Millis | undefined
  /** Held without a majority. */
  readonly alone: boolean
  /** Only where this node holds the lease: until when. */
  readonly deadline: Millis | undefined
  readonly rules: ServiceRules
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

/** `elector` is undefined for a service that this node does not know. */
export function explain(
  service: string,
  elector: Elector | undefined,
  rules: ServiceRules | undefined,
  keeper: ElectorateKeeper,
  roster: Roster,
  now: Millis,
): Explanation {
  const directing = elector?.directing(now)
  const { electorate } = keeper
  const voters = electorate?.voters ?? []
  const state = elector?.state
  return {
    term: directing?.term,
    since: directing?.since,
    alone: ((directing?.flags ?? 0) & FLAG_ALONE) !== 0,
    deadline: state?.phase === 'holding' ? state.deadline : undefined,
    rules: rules ?? { failback: false, alone: undefined },
    candidates: roster.order(service),
    unable: elector?.unable,
    standing: state?.phase === 'standing',
    isVoter: keeper.isVoter,
    votes: voters.map((voter) => ({
      voter,
      answer: elector?.answers.get(voter)?.verdict ?? (roster.reaches(voter) ? 'no answer' : 'no link'),
    })),
    quorum: electorate === undefined ? 1 : quorumOf(electorate),
    reachable: voters.filter((voter) => roster.reaches(voter)),
    unreachable: voters.filter((voter) => !roster.reaches(voter)),
  }
}
