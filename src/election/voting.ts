/** The voter's side of the exchange with holders: requests in, verdicts out, votes durable in between. */
import type { NodeId } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import { IncomingBatches } from './batches.js'
import { applyRecord, type DurableRecord, type DurableState } from './durable-state.js'
import type { ElectorateKeeper } from './electorate-keeper.js'
import type { ElectionMessage, LeaseAnswer, LeaseClaim, LeaseRequest, LeaseVerdict, Verdict } from './messages.js'
import type { Voter } from './voter.js'

/** Sixteen thousand services of one holder. */
const BATCHES_KEPT = 64

type Request = LeaseRequest | Extract<ElectionMessage, { kind: 'renew' }>

export class Voting {
  readonly #batches = new IncomingBatches<LeaseClaim>(BATCHES_KEPT)

  constructor(
    private readonly voter: Voter,
    private readonly keeper: ElectorateKeeper,
    private readonly durable: DurableState,
    /** Of this node's configuration: the longest that it grants. */
    private readonly leaseMs: Millis,
    /** The life of a node that is linked now, or of this node. */
    private readonly bootOf: (node: NodeId) => number,
    private readonly persist: (records: readonly DurableRecord[]) => void,
    private readonly send: (to: NodeId, message: ElectionMessage) => void,
  ) {}

  /** Claims of a request of another node; `undefined`: it named a batch that is not here, and was asked for it. */
  claimsOf(from: NodeId, request: Request): readonly LeaseClaim[] | undefined {
    if (request.kind === 'request') {
      this.#batches.put(from, request.batch, request.claims)
      return request.claims
    }
    const claims = this.#batches.get(from, request.batch)
    if (claims === undefined) this.send(from, { kind: 'which', batch: request.batch })
    return claims
  }

  /** The answer to all claims of one request. */
  vote(from: NodeId, { epoch, round, leaseMs }: Request, claims: readonly LeaseClaim[], now: Millis): LeaseAnswer {
    const refusal = this.#refusal(from, epoch)
    const records: DurableRecord[] = []
    const verdicts = claims.map((claim): LeaseVerdict => {
      if (refusal !== undefined) {
        const highest = this.durable.votes.get(claim.service) ?? { number: 0, holder: '' }
        return { service: claim.service, number: claim.number, verdict: refusal, highest, remainingMs: 0 }
      }
      const { answer, vote } = this.voter.judge(claim, from, this.bootOf(from), leaseMs, now)
      if (vote !== undefined) records.push({ kind: 'vote', service: claim.service, term: vote })
      return answer
    })
    const isGranted = verdicts.some(({ verdict }) => verdict === 'granted')
    if (isGranted && this.durable.leaseMs !== this.leaseMs) records.push({ kind: 'lease', leaseMs: this.leaseMs })
    this.#keep(records)
    return { kind: 'answer', epoch: this.keeper.electorate?.epoch ?? 0, round, verdicts }
  }

  endorse(
    from: NodeId,
    { service, number, successor }: Extract<ElectionMessage, { kind: 'endorse' }>,
    now: Millis,
  ): void {
    const term = this.keeper.isVoter
      ? this.voter.endorse(service, number, from, this.bootOf(from), successor, now)
      : undefined
    if (term !== undefined) this.#keep([{ kind: 'vote', service, term }])
  }

  forget(peer: NodeId): void {
    this.#batches.forget(peer)
  }

  /** Why no claim of a request can be granted at all. */
  #refusal(from: NodeId, epoch: number): Verdict | undefined {
    const { electorate } = this.keeper
    if (electorate === undefined || !this.keeper.isVoter) return 'not-voting'
    if (epoch === electorate.epoch) return undefined
    if (epoch < electorate.epoch) this.send(from, { kind: 'electorate', electorate })
    return 'epoch'
  }

  #keep(records: readonly DurableRecord[]): void {
    if (records.length === 0) return
    for (const record of records) applyRecord(this.durable, record)
    this.persist(records)
  }
}

/** What a granted request is answered with: most are, and then the round says it all. */
export function shortest(answer: LeaseAnswer): ElectionMessage {
  const isGranted = answer.verdicts.every(({ verdict }) => verdict === 'granted')
  return isGranted ? { kind: 'all-granted', epoch: answer.epoch, round: answer.round } : answer
}
