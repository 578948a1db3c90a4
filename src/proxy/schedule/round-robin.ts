import { Rotation } from './rotation.js'
import type { Candidate, Excluded, Scheduler } from './scheduler.js'

/**
 * New connections in exact rotation. A retry does not touch that rotation: it takes its node from a second one. If it took
 * the next turn of the first, the node behind one that refuses would be served twice as often as the others.
 */
export class RoundRobin implements Scheduler {
  readonly #connections = new Rotation()
  readonly #retries = new Rotation()

  pick<C extends Candidate>(candidates: readonly C[], exclude?: Excluded): C | undefined {
    if (exclude === undefined || exclude.size === 0) return this.#connections.turn(candidates, exclude)
    return this.#retries.turn(candidates, exclude)
  }
}
