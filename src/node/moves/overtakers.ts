/**
 * Programs of others on this host's interfaces that come before those of this node. Whoever attaches one as the first later on is the first:
 * it may let a frame pass that the lease gate would have dropped, or whose acknowledgement was to be held back. That cannot be
 * prevented; it is told once it has lasted, as another process of this node comes first for a moment when it takes its place.
 */
import type { Logger } from '../../base/log.js'

export interface Overtaken {
  /** Of the interface. */
  readonly name: string
  /** In words. */
  readonly programs: readonly string[]
}

/** In looks, which are a second apart: longer than a new process takes from its first program to its turn. */
export const LASTING_LOOKS = 10

export class Overtakers {
  /** In so many looks in succession, by the words. */
  #seen = new Map<string, number>()

  constructor(private readonly logger: Logger) {}

  /** All there are now. */
  follow(cards: readonly Overtaken[]): void {
    const seen = new Map<string, number>()
    for (const { name, programs } of cards) {
      if (programs.length === 0) continue
      const words = `${programs.join(', ')} on ${name}`
      const looks = (this.#seen.get(words) ?? 0) + 1
      seen.set(words, looks)
      if (looks === LASTING_LOOKS) this.logger.log('warn', 'overtaken', { interface: name, by: programs.join(', ') })
    }
    this.#seen = seen
  }

  /** Who comes first, and where; `undefined`: nobody. */
  get overtaken(): string | undefined {
    const lasting = [...this.#seen].flatMap(([words, looks]) => (looks < LASTING_LOOKS ? [] : [words]))
    return lasting.length === 0 ? undefined : lasting.join('; ')
  }
}
