/** What elections know beyond the votes on disk, for another process that goes on with this life of the node. */
import type { NodeId } from '../base/ids.js'
import type { CarriedElector } from './elector-state.js'
import type { CarriedVoter } from './voter.js'

export interface CarriedElections {
  readonly voter: CarriedVoter
  /** Which life of each peer was linked last. */
  readonly boots: readonly (readonly [node: NodeId, boot: number])[]
  readonly electors: readonly (readonly [service: string, elector: CarriedElector])[]
}
