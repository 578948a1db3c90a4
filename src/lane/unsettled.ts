import { Roll } from '../base/roll.js'
import type { Half } from '../proxy/half.js'

/**
 * Halves with bytes on their way to their peer. An acknowledgement raises no event, so these few are asked on a coarse
 * timer; an idle splice is not among them and costs nothing.
 */
export class Unsettled {
  readonly #halves = new Roll<Half>()

  add(half: Half): void {
    this.#halves.add(half)
  }

  delete(half: Half): void {
    this.#halves.delete(half)
  }

  ask(onFault: (error: unknown, half: Half) => void): void {
    for (const half of this.#halves) {
      try {
        if (half.settle()) this.#halves.delete(half)
      } catch (error) {
        this.#halves.delete(half)
        onFault(error, half)
      }
    }
  }
}
