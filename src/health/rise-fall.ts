/** Whether a program is taken for healthy, from one check after the other. */
import type { Health } from './ports.js'

export interface Thresholds {
  /** So many good checks in a row bring it back. */
  readonly rise: number
  /** So many bad ones take it out. */
  readonly fall: number
}

/** Of one that is new, the first check decides: nobody relies on it yet. */
export class RiseFall {
  #state: Health
  /** Checks in a row that speak against the present state. */
  #against = 0

  constructor(state: Health = 'starting') {
    this.#state = state
  }

  get state(): Health {
    return this.#state
  }

  /** `true`: the state is another now. */
  record(isGood: boolean, { rise, fall }: Thresholds): boolean {
    const opinion = isGood ? 'healthy' : 'unhealthy'
    if (this.#state === opinion) {
      this.#against = 0
      return false
    }
    this.#against++
    const needed = this.#state === 'starting' ? 1 : isGood ? rise : fall
    if (this.#against < needed) return false
    this.#state = opinion
    this.#against = 0
    return true
  }
}
