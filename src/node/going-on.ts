/** What one process of a node tells the next of its machines, and what still holds of that when the next begins. */
import { sameTerm } from '../base/ids.js'
import type { CarriedLease, ControlState } from './handover-protocol.js'
import type { NodeMachines } from './node-ports.js'

type Machines = Pick<NodeMachines, 'swim' | 'facts' | 'elections'>

export function carriedBy(machines: Machines): Pick<ControlState, 'members' | 'facts' | 'elections'> {
  const { swim, facts, elections } = machines
  return { members: swim.members(), facts: facts.all(), elections: elections.carried }
}

/** A lease may have run out meanwhile, or been renewed. */
export function stillHeld(leases: readonly CarriedLease[], { elections }: Pick<Machines, 'elections'>): CarriedLease[] {
  return leases.flatMap((lease) => {
    const held = elections.holding(lease.contest)
    return held !== undefined && sameTerm(held.term, lease.term) ? { ...lease, deadline: held.deadline } : []
  })
}
