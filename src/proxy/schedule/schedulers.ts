import { LocalPolicy, type LocalPreference } from './local-policy.js'
import { RoundRobin } from './round-robin.js'
import type { Scheduler } from './scheduler.js'

/** The part of a service that says who serves. A scheduler that only a newer release knows acts as round robin. */
export interface SchedulePolicy {
  readonly scheduler: string
  readonly local: LocalPreference
}

export const SCHEDULERS: readonly string[] = ['round-robin']

/** A new one, with no turns taken. One belongs to each port of a service. */
export function schedulerOf(policy: SchedulePolicy): Scheduler {
  if (policy.local === 'equal') return new RoundRobin()
  return new LocalPolicy(policy.local, new RoundRobin(), new RoundRobin())
}
