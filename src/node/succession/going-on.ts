/** What one process of a node tells the next of its machines, and what still holds of that when the next begins. */
import type { Clock } from '../../base/clock.js'
import { sameTerm } from '../../base/ids.js'
import type { Logger } from '../../base/log.js'
import type { Millis } from '../../base/time.js'
import type { NodeMachines } from '../node-ports.js'
import type { CarriedLease, ControlState } from './handover-protocol.js'

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

/** How near to its end a lease came, from the last renewal of one process to the first of the next. */
export interface KeptLease {
  readonly ms: Millis
  readonly leftMs: Millis
}

/** Leases of the process before that a majority has not renewed yet. */
export class GoingOn {
  readonly #deadlines = new Map<string, Millis>()

  carry({ contest, deadline }: Pick<CarriedLease, 'contest' | 'deadline'>): void {
    this.#deadlines.set(contest, deadline)
  }

  lost(contest: string): void {
    this.#deadlines.delete(contest)
  }

  /** Says so once, for each. */
  tell(
    { service, deadline }: { readonly service: string; readonly deadline: Millis },
    { clock, logger }: { readonly clock: Pick<Clock, 'now'>; readonly logger: Logger },
  ): void {
    const kept = this.renewed(service, deadline, clock.now())
    if (kept !== undefined) logger.log('info', 'lease-kept', { service, ...kept })
  }

  /** `undefined`: it was renewed before, or this is not a majority's word. */
  renewed(contest: string, deadline: Millis, now: Millis): KeptLease | undefined {
    const before = this.#deadlines.get(contest)
    if (before === undefined || deadline <= before) return undefined
    this.#deadlines.delete(contest)
    return { ms: Math.round(deadline - before), leftMs: Math.round(before - now) }
  }
}
