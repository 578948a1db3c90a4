/**
 * Whether a thread still turns that has to, many times between two looks. One that hangs does nothing wrong and ends nothing: nobody
 * else would notice. Looks are counted, not time: where the whole process stood still the looks did so too.
 */
export class TurnWatch {
  #turns = 0
  #looks = 0

  /** `looksMax`: in a row, each without a turn since the one before. */
  constructor(private readonly looksMax: number) {}

  /** `turns`: any number that changes with each; 0 before the first. `true`: it hangs, once. */
  look(turns: number): boolean {
    const hasTurned = turns !== this.#turns
    this.#turns = turns
    // One that starts is waited for by whoever started it.
    if (turns === 0 || hasTurned) this.#looks = 0
    else this.#looks++
    return this.#looks === this.looksMax
  }
}
