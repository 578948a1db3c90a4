/** Whether enough healthy nodes serve a service, with a band in which nothing changes. */

export interface QuorumRules {
  readonly quorum: number
  readonly quorumSlack: number
}

export interface QuorumChange {
  readonly quorate: boolean
  readonly able: number
}

/** Lost below quorum − slack, there again from quorum + slack on; at the first look the bare number decides. */
export function isQuorate({ quorum, quorumSlack }: QuorumRules, able: number, before: boolean | undefined): boolean {
  if (before === undefined) return able >= quorum
  return able >= (before ? quorum - quorumSlack : quorum + quorumSlack)
}

export class Quorums {
  readonly #states = new Map<string, boolean>()

  /** `changed`: since the look before. */
  look(service: string, rules: QuorumRules, able: number): { readonly quorate: boolean; readonly changed: boolean } {
    if (rules.quorum === 0) {
      this.#states.delete(service)
      return { quorate: true, changed: false }
    }
    const before = this.#states.get(service)
    const quorate = isQuorate(rules, able, before)
    this.#states.set(service, quorate)
    return { quorate, changed: before !== undefined && before !== quorate }
  }

  of(service: string): boolean {
    return this.#states.get(service) ?? true
  }

  forget(service: string): void {
    this.#states.delete(service)
  }
}
