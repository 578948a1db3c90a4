/** In which order nodes are asked at all; within a group a scheduler chooses. */
import type { LocalPreference } from './rules.js'
import { type Candidate, PRIORITY_DEFAULT, WEIGHT_DEFAULT } from './scheduler.js'

/** Nodes that are asked before those of the next group. */
export interface Group {
  /** The same for the group of the same kind after a change, so that its scheduler goes on. */
  readonly key: string
  /** Of equal tiers; a tier that is only full is waited for, not passed over. */
  readonly tier: string
  readonly members: readonly Candidate[]
}

/**
 * By selection priority; then, as the service says, the director's own host after the others or before them. Only healthy nodes
 * with a weight are in any group.
 */
export function groupsOf(candidates: readonly Candidate[], local: LocalPreference): readonly Group[] {
  const groups = new Map<string, Group & { readonly members: Candidate[]; readonly order: readonly number[] }>()
  for (const candidate of candidates) {
    if (!mayServe(candidate)) continue
    const { priority = PRIORITY_DEFAULT } = candidate
    const order = [-priority, sideOf(candidate, local)]
    const [tier, key] = [String(priority), order.join()]
    const group = groups.get(key) ?? { key, tier, order, members: [] }
    groups.set(key, group)
    group.members.push(candidate)
  }
  return [...groups.values()].sort((a, b) => compare(a.order, b.order))
}

/** Gets new connections as far as its state and its weight go. */
export function mayServe({ state = 'healthy', weight = WEIGHT_DEFAULT }: Pick<Candidate, 'state' | 'weight'>): boolean {
  return state === 'healthy' && weight > 0
}

function sideOf({ local }: Candidate, preference: LocalPreference): number {
  if (preference === 'equal') return 0
  return local === (preference === 'first') ? 0 : 1
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0)
  return 0
}
