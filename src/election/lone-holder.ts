/**
 * When a node may direct without a majority: only the one that the service names for it, only where the electorate is
 * two and the other is gone, and only with its own vote, which binds it as it binds everybody (decision 0011).
 */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { ElectionConfig } from './config.js'
import type { Elector } from './elector.js'
import type { ElectorateKeeper } from './electorate-keeper.js'
import type { LeaseRequest } from './messages.js'
import type { ServiceRules } from './ports.js'
import type { Roster } from './roster.js'
import type { Voting } from './voting.js'

export class LoneHolder {
  constructor(
    private readonly self: NodeId,
    private readonly config: ElectionConfig,
    private readonly roster: Roster,
    private readonly keeper: ElectorateKeeper,
    private readonly voting: Voting,
  ) {}

  /** From when on this node may direct alone; `undefined`: not as things are. */
  from(rules: ServiceRules): Millis | undefined {
    const voters = this.keeper.electorate?.voters ?? []
    const other = voters.find((voter) => voter !== this.self)
    if (!this.#isNamed(rules) || voters.length !== 2 || !this.keeper.isVoter || other === undefined) return undefined
    const since = this.roster.goneSince(other)
    return since === undefined ? undefined : since + this.config.aloneAfterMs
  }

  mayTake(elector: Elector, rules: ServiceRules, flags: number, now: Millis): boolean {
    const from = this.from(rules)
    if (from === undefined || now < from || now < elector.turn(0)) return false
    return this.#votesFor(elector.service, elector.highestNumber + 1, flags, now)
  }

  mayExtend(elector: Elector, rules: ServiceRules, flags: number, now: Millis): boolean {
    const { wanted } = elector
    if (!elector.isAlone || wanted === undefined || !this.#isNamed(rules)) return false
    return this.#votesFor(elector.service, wanted.number, flags, now)
  }

  /** A third voter that this node has agreed to may be decided already, and have elected the other. */
  #isNamed(rules: ServiceRules): boolean {
    return rules.alone === this.self && !this.keeper.hasAccepted
  }

  #votesFor(service: string, number: number, flags: number, now: Millis): boolean {
    const { epoch = 0 } = this.keeper.electorate ?? {}
    const claims = [{ service, number, flags }]
    const request: LeaseRequest = { kind: 'request', epoch, round: 0, leaseMs: this.config.leaseMs, batch: 0, claims }
    return this.voting.vote(this.self, request, claims, now).verdicts[0]?.verdict === 'granted'
  }
}
