/** What became of clients that kept their connections over a fault. */
export interface TalkersReport {
  /** Connections, and those that answered right after the silent were woken. */
  readonly talking: Fates
  readonly silent: Fates
}

export interface Fates {
  readonly count: number
  readonly alive: number
  /** By the word for it: `ECONNRESET`, `ended`, `wrong bytes`, `stalled`. */
  readonly lost: Readonly<Record<string, number>>
  /** Of each that lives: the longest wait for an answer since the fault. */
  readonly waitsMs: readonly number[]
}
