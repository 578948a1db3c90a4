/** In which order nodes are asked at all; within a group a scheduler chooses. */
import type { LocalPreference } from './rules.js'
import { type Candidate, PRIORITY_DEFAULT, weightOf } from './scheduler.js'

/** Nodes that are asked before those of the next group. */
export interface Group {
  /** The same for the group of the same kind after a change, so that its scheduler goes on. */
  readonly key: string
  /** Of equal tiers; a tier that is only full is waited for, not passed over. */
  readonly tier: string
  readonly members: readonly Candidate[]
}

/**
 * Healthy nodes before those that are starting; then by selection priority; then, as the service says, the director's own host
 * after the others or before them. Unhealthy and draining nodes, and those of weight 0, are in no group.
 */
export function groupsOf(candidates: readonly Candidate[], local: LocalPreference): readonly Group[] {
  const groups = new Map<string, Group & { readonly members: Candidate[]; readonly order: readonly number[] }>()
  for (const candidate of candidates) {
    const state = candidate.health?.state ?? 'healthy'
    if (!mayServe(candidate)) continue
    const { priority = PRIORITY_DEFAULT } = candidate
    const side = sideOf(candidate, local)
    const order = [state === 'healthy' ? 0 : 1, -priority, side]
    const tier = order.slice(0, 2).join()
    const key = order.join()
    const group = groups.get(key) ?? { key, tier, order, members: [] }
    groups.set(key, group)
    group.members.push(candidate)
  }
  return [...groups.values()].sort((a, b) => compare(a.order, b.order))
}

/** Gets new connections as far as its health and its weight go. */
export function mayServe(candidate: Candidate): boolean {
  const state = candidate.health?.state ?? 'healthy'
  return (state === 'healthy' || state === 'starting') && weightOf(candidate) > 0
}

function sideOf({ local }: Candidate, preference: LocalPreference): number {
  if (preference === 'equal') return 0
  return local === (preference === 'first') ? 0 : 1
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0)
  return 0
}
