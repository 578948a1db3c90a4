import type { NodeId } from '../../base/ids.js'
import { Rotation } from './rotation.js'
import type { Candidate, Excluded, Scheduler, WeightOf } from './scheduler.js'

/**
 * Selection weight as TruCluster's `selw` and DECnet's alias weight mean it: so many consecutive connections, then the next
 * node. Over one round each node has exactly its weight, rounded to a whole number and at least 1. Retries go in a rotation
 * of their own and count for nobody.
 */
export class WeightedTurns implements Scheduler {
  readonly #rounds = new Rotation()
  readonly #retries = new Rotation()
  #holder: NodeId = ''
  #left = 0

  constructor(private readonly weight: WeightOf) {}

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded): C | undefined {
    if (exclude !== undefined && exclude.size > 0) return this.#retries.turn(candidates, exclude)
    const same = this.#left > 0 ? holderAmong(candidates, this.#holder, exclude) : undefined
    if (same !== undefined) {
      this.#left--
      return same
    }
    const next = this.#rounds.turn(candidates, exclude)
    this.#holder = next?.node ?? ''
    this.#left = next === undefined ? 0 : Math.max(1, Math.round(this.weight(next))) - 1
    return next
  }
}

function holderAmong<C extends Candidate>(candidates: readonly C[], holder: NodeId, exclude?: Excluded): C | undefined {
  if (exclude?.has(holder)) return undefined
  for (const candidate of candidates) if (candidate.node === holder) return candidate
  return undefined
}
