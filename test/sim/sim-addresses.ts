/** Addresses of a simulated host: one is here or not, and what it is to be rid of is gone at once. */
import { sameTerm, type Term } from '../../src/base/ids.js'
import { type AddressKeeper, type Claim, NOTHING_TO_TAKE } from '../../src/node/addresses/address-keeper.js'

export interface AddressWatcher {
  /** A lane is to direct in this term, on this host. */
  took(contest: string, term: Term): void
}

export class SimAddresses {
  readonly #held = new Map<string, { readonly claim: Claim; isHere: boolean }>()

  constructor(
    private readonly isLeased: (slot: number) => boolean,
    private readonly watcher: AddressWatcher,
  ) {}

  get keeper(): AddressKeeper {
    return {
      ...NOTHING_TO_TAKE,
      take: (claim, answer) => {
        this.watcher.took(claim.contest, claim.term)
        this.#held.set(claim.contest, { claim, isHere: false })
        answer({ type: 'taken', given: true })
      },
      ready: (contest, then) => {
        const held = this.#held.get(contest)
        if (held !== undefined) held.isHere = true
        then()
      },
      release: (contest, term) => {
        const held = this.#held.get(contest)
        if (held !== undefined && sameTerm(held.claim.term, term)) this.#held.delete(contest)
      },
    }
  }

  /** It answers for the address: within the lease, which the kernel looks at. */
  answersFor(contest: string): boolean {
    const held = this.#held.get(contest)
    return held?.isHere === true && this.isLeased(held.claim.slot)
  }

  clear(): void {
    this.#held.clear()
  }
}
