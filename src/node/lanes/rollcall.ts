/** Questions that every lane answers: who has not yet, and what is passed on when the last one has. */
export class Rollcall<Answer> {
  readonly #asked = new Map<string, { readonly missing: Set<number>; readonly answer: Answer }>()

  /** `answer`: what each will say. */
  ask(key: string, lanes: number, answer: Answer): void {
    this.#asked.set(key, { missing: new Set(Array.from({ length: lanes }, (_, lane) => lane)), answer })
  }

  /** `true`: the last one has. */
  answered(key: string, lane: number): boolean {
    const asked = this.#asked.get(key)
    // A lane that has taken another's place answers what had been answered before.
    if (asked === undefined) return false
    asked.missing.delete(lane)
    if (asked.missing.size > 0) return false
    this.#asked.delete(key)
    return true
  }

  /** What is waited for from that lane. */
  owedBy(lane: number): Answer[] {
    return [...this.#asked.values()].flatMap(({ missing, answer }) => (missing.has(lane) ? [answer] : []))
  }
}
