/**
 * What a node says of its own part in elections, in the 32 flag bits of its profile, which gossip carries to all:
 * bit 0 a witness (never directs), 1 leaving, 2 drained (directs nothing for now); bits 8–15 router priority; bits 16–19 capability.
 */
import type { Standing } from '../election/ports.js'

export interface Role extends Pick<Standing, 'priority' | 'capability'> {
  readonly witness: boolean
  readonly leaving: boolean
  /** An operator wants it to direct nothing until further notice. */
  readonly drained: boolean
}

export const PRIORITY_DEFAULT = 100
export const PRIORITY_MAX = 255
const CAPABILITY_MAX = 15

const WITNESS = 1
const LEAVING = 2
const DRAINED = 4

export function flagsOf({ witness, leaving, drained, priority, capability }: Role): number {
  const bits = (witness ? WITNESS : 0) | (leaving ? LEAVING : 0) | (drained ? DRAINED : 0)
  return bits | (Math.min(PRIORITY_MAX, priority) << 8) | (Math.min(CAPABILITY_MAX, capability) << 16)
}

export function roleOf(flags: number): Role {
  return {
    witness: (flags & WITNESS) !== 0,
    leaving: (flags & LEAVING) !== 0,
    drained: (flags & DRAINED) !== 0,
    priority: (flags >> 8) & PRIORITY_MAX,
    capability: (flags >> 16) & CAPABILITY_MAX,
  }
}

export function standingOf(flags: number): Standing {
  const { witness, leaving, drained, priority, capability } = roleOf(flags)
  return { directs: !witness && !leaving && !drained, drained, votes: !leaving, priority, capability }
}

/** Whether connections are carried between two members. A witness has nothing to join. */
export function areJoined(one: { readonly flags: number }, other: { readonly flags: number } | undefined): boolean {
  return !roleOf(one.flags).witness && !roleOf(other?.flags ?? 0).witness
}
