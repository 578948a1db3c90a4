/**
 * Where acknowledgements to clients are held back, as this host's interfaces come and go. It is opened when a service first wants it,
 * and stays for as long as the process, whatever becomes of the device for addresses: lanes are given their shares of it once.
 */
import type { Logger } from '../../base/log.js'
import type { AckHold } from '../../kernel/bpf/ack-hold.io.js'
import type { Lacking } from '../../kernel/control-calls.io.js'
import type { HeldSlots } from '../../proxy/ports.js'

type Hold = Pick<AckHold, 'attach' | 'detach' | 'maps'>

export interface AckHoldingParts {
  readonly logger: Logger
  readonly open: () => Hold | Lacking
  /** Connections that it has room for. */
  readonly slots: number
  /** To the lanes. */
  readonly give: (held: HeldSlots) => void
}

export interface Card {
  readonly index: number
  readonly name: string
}

export class AckHolding {
  #hold: Hold | Lacking | undefined
  /** By interface: why it is not there; empty: it is. */
  readonly #held = new Map<number, string>()

  constructor(private readonly parts: AckHoldingParts) {}

  /** From now on, if it is not yet; the interfaces are to be followed then. Why it cannot be. */
  want(): string | undefined {
    if (this.#hold === undefined) {
      this.#hold = this.parts.open()
      if (!('why' in this.#hold)) this.parts.give({ ...this.#hold.maps, slots: this.parts.slots })
    }
    return 'why' in this.#hold ? this.#hold.why : undefined
  }

  /** Why clients are acknowledged at once, all or some; `undefined`: they are not, or nobody wants it. */
  get why(): string | undefined {
    if (this.#hold !== undefined && 'why' in this.#hold) return this.#hold.why
    return [...this.#held.values()].find((why) => why !== '')
  }

  /** Those that clients come by: all there are now; and on each the link of the program that is to stand right before it. */
  follow(cards: readonly Card[], before: (index: number) => number | undefined): void {
    const hold = this.#hold
    if (hold === undefined || 'why' in hold) return
    for (const index of this.#held.keys()) {
      if (cards.some((card) => card.index === index)) continue
      // Its number may be given to another.
      hold.detach(index)
      this.#held.delete(index)
    }
    for (const { index, name } of cards) {
      const problem = hold.attach(index, before(index))?.why
      const why = problem === undefined ? '' : `${name}: ${problem}`
      const isNews = why !== '' && this.#held.get(index) !== why
      if (isNews) this.parts.logger.log('warn', 'no-ack-hold', { interface: name, why })
      this.#held.set(index, why)
    }
  }
}
