/**
 * The end of a planned move on the side of the old director: its last frames have been sent, and each node has to have taken them
 * before another director may ask for its ledger. BARRIER is answered behind them.
 */
import { LINK_HANDLE } from '../proxy/splice-frame.js'
import type { LedgerLink } from './recovery.js'

export class Emptying {
  readonly #waits: Set<LedgerLink>

  constructor(
    links: readonly LedgerLink[],
    readonly token: number,
    private readonly onDone: () => void,
  ) {
    this.#waits = new Set(links)
  }

  start(): void {
    for (const link of this.#waits) link.say({ kind: 'barrier', handle: LINK_HANDLE, token: this.token })
    this.#look()
  }

  /** The link has answered, or is gone: what it carried goes again by another, or its node is no more. */
  onPassed(link: LedgerLink): void {
    if (this.#waits.delete(link)) this.#look()
  }

  #look(): void {
    if (this.#waits.size === 0) this.onDone()
  }
}
