import type { Millis } from '../base/time.js'

/** When addresses are asked for and told of. */
export interface AddressConfig {
  /** An address is asked for twice: who gives it up just now may still answer the first time. */
  readonly probeAgainMs: Millis
  /** After the second question; a LAN answers within a few milliseconds. Clients wait meanwhile. */
  readonly probeWaitMs: Millis
  /** Switches and hosts lose single frames, and some ignore the first. */
  readonly announceAfterMs: readonly Millis[]
  /** Then on and on: tables forget, cables are changed. Give or take a tenth, so that many addresses do not speak at once. */
  readonly refreshMs: Millis
  /** A rival is told of, and answered with an announcement, at most so often. */
  readonly rivalEveryMs: Millis
  /** Answers a second for all addresses; more is an attack or a loop. */
  readonly answersPerSecond: number
}

export const ADDRESS_CONFIG: AddressConfig = {
  probeAgainMs: 15,
  probeWaitMs: 25,
  announceAfterMs: [0, 300, 1_000, 3_000],
  refreshMs: 60_000,
  rivalEveryMs: 1_000,
  answersPerSecond: 20_000,
}
