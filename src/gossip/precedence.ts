/**
 * Which of two claims about one member wins. SWIM (section 4.2) orders by incarnation, then by severity; Baton puts the
 * boot before both, because a new boot is a new life and nothing said of an old one concerns it. The order is total, so
 * members that have heard the same claims hold the same view, in whatever order they heard them.
 */
import type { MemberState } from './messages.js'

export interface Standing {
  readonly boot: number
  readonly incarnation: number
  readonly state: MemberState
}

/**
 * Within one incarnation an accusation beats life and the verdict beats the accusation; only the member itself, by a
 * higher incarnation, can answer. `left` beats all three: it is the member's own word, not a guess.
 */
const SEVERITY: Record<MemberState, number> = { alive: 0, suspect: 1, down: 2, left: 3 }

export type Precedence = 'new-life' | 'newer' | 'same' | 'older'

export function precedence(claim: Standing, held: Standing): Precedence {
  if (claim.boot !== held.boot) return claim.boot > held.boot ? 'new-life' : 'older'
  const ahead = claim.incarnation - held.incarnation || SEVERITY[claim.state] - SEVERITY[held.state]
  if (ahead === 0) return 'same'
  return ahead > 0 ? 'newer' : 'older'
}
