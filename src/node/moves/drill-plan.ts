/** Whether a director may be made to fail now, and who would live on: pure, and asked on both sides of the order. */
import { BatonError } from '../../base/errors.js'
import type { NodeId } from '../../base/ids.js'
import type { ServiceReport } from '../../proxy/lane-report.js'
import { PROGRAM_BESIDE } from '../../proxy/reasons.js'
import type { NodeRef } from '../control/control-protocol.js'
import type { DrillConnections, Fault } from '../control/drill-protocol.js'

/** What one node sees of a service's election. */
export interface DrillGround {
  readonly service: string
  readonly fault: Fault
  readonly director: NodeRef
  /** Live nodes that may direct, in order. */
  readonly candidates: readonly NodeRef[]
  /** Nodes with a control link to the one that looks, which counts itself. */
  readonly linked: ReadonlySet<NodeId>
  readonly voters: readonly NodeRef[]
  readonly quorum: number
  /** The node that may direct without a majority. */
  readonly alone: NodeId | undefined
}

export interface Successor {
  readonly next: NodeRef
  readonly alone: boolean
  readonly votersLeft: number
}

/** Throws ERR_DRILL_NOBODY or ERR_DRILL_NO_QUORUM: a drill that ends in an outage teaches nothing. */
export function successorAfter(ground: DrillGround): Successor {
  const { service, fault, director, candidates, linked, voters, quorum, alone } = ground
  const next = candidates.find(({ id }) => id !== director.id && linked.has(id))
  if (next === undefined) {
    const hint = '`baton status` shows who is down, drained or only a witness; start another node first'
    const message = `no other node could take ${service} over from ${director.name} now`
    throw new BatonError('ERR_DRILL_NOBODY', message, { hint })
  }
  const isLost = ({ id }: NodeRef) => fault !== 'move' && id === director.id
  const left = voters.filter((voter) => linked.has(voter.id) && !isLost(voter))
  if (left.length >= quorum) return { next, alone: false, votersLeft: left.length }
  if (alone !== undefined && alone !== director.id && linked.has(alone)) {
    const named = candidates.find(({ id }) => id === alone)
    if (named !== undefined) return { next: named, alone: true, votersLeft: left.length }
  }
  const missing = voters.filter(({ id }) => !linked.has(id)).map(({ name }) => name)
  const who = missing.length === 0 ? '' : `; out of reach: ${missing.join(', ')}`
  const message = `without ${director.name} ${left.length} of ${voters.length} voters would be left, and ${quorum} are needed${who}`
  const hint =
    missing.length === 0
      ? 'a third voter would do: `baton witness` on another host. Or: baton drill --fault move'
      : `start ${missing.join(', ')} first`
  throw new BatonError('ERR_DRILL_NO_QUORUM', message, { hint })
}

/** Of a service's connections: a move takes along what a death would end with the host. */
export function expectationOf(fault: Fault, report: ServiceReport | undefined): DrillConnections {
  const { directed = 0, survivable = 0, mortal = {} } = report ?? {}
  const { [PROGRAM_BESIDE]: local = 0, ...others } = mortal
  return { directed, expected: survivable + (fault === 'move' ? local : 0), local, mortal: others }
}
