/**
 * The knobs of elections. One lease length serves all services of a cluster: a voter refuses a request for a longer one,
 * since after a boot it is silent for exactly as long as it could have promised.
 */
import type { Millis } from '../base/time.js'

export type ElectionProfile = 'lan' | 'fast' | 'wan' | 'test'

export interface ElectionConfig {
  /**
   * How long a director may act on one grant. Longer survives slower networks; shorter bounds how long an address is
   * dark after its director died.
   */
  readonly leaseMs: Millis
  /**
   * Subtracted by the holder only, so that it stops before the others start. Must cover the drift of two clocks over one
   * lease: 500 ppm of a second is half a millisecond, the rest is for a timer that rings late.
   */
  readonly driftMarginMs: Millis
  /** How often a holder renews; three tries fit into one lease. */
  readonly renewEveryMs: Millis
  /** A candidate of rank k waits k times this, so that the most preferred one is rarely contested. */
  readonly staggerMs: Millis
  /** When a voter is asked again that has not yet heard of a death which this node knows of. */
  readonly againMs: Millis
  /** A node must have been linked for this long before it is made a voter. */
  readonly settleMs: Millis
  /** A change of the electorate that does not come to an end is tried again after this, or by another voter. */
  readonly changeRetryMs: Millis
  /** More voters make no decision safer, only slower. */
  readonly votersMax: number
  /** How long the more preferred node must have been there before a service that wants it back is handed to it. */
  readonly failbackAfterMs: Millis
  /** How long the other of two voters must have been gone before the named one directs alone. */
  readonly aloneAfterMs: Millis
}

const LAN: ElectionConfig = {
  leaseMs: 1_000,
  driftMarginMs: 50,
  renewEveryMs: 250,
  staggerMs: 100,
  againMs: 10,
  settleMs: 300,
  changeRetryMs: 300,
  votersMax: 7,
  failbackAfterMs: 10_000,
  aloneAfterMs: 3_000,
}

const PROFILES: Readonly<Record<ElectionProfile, ElectionConfig>> = {
  lan: LAN,
  fast: { ...LAN, leaseMs: 400, driftMarginMs: 20, renewEveryMs: 100, staggerMs: 40, changeRetryMs: 150 },
  wan: {
    ...LAN,
    leaseMs: 5_000,
    driftMarginMs: 250,
    renewEveryMs: 1_250,
    staggerMs: 400,
    changeRetryMs: 1_500,
    aloneAfterMs: 15_000,
  },
  test: {
    ...LAN,
    leaseMs: 500,
    driftMarginMs: 25,
    renewEveryMs: 120,
    staggerMs: 50,
    settleMs: 100,
    changeRetryMs: 150,
    failbackAfterMs: 1_000,
    aloneAfterMs: 1_000,
  },
}

export function electionConfig(
  profile: ElectionProfile = 'lan',
  overrides: Partial<ElectionConfig> = {},
): ElectionConfig {
  return Object.freeze({ ...PROFILES[profile], ...overrides })
}

/** All problems of a merged configuration, in words; empty when it can be used. */
export function checkElectionConfig(c: ElectionConfig): string[] {
  const problems: string[] = []
  for (const [knob, value] of Object.entries(c)) {
    if (!Number.isFinite(value) || value <= 0) problems.push(`${knob} (${value}) must be a number above 0`)
  }
  if (c.driftMarginMs >= c.leaseMs)
    problems.push(`driftMarginMs (${c.driftMarginMs}) must be below leaseMs (${c.leaseMs})`)
  const usableMs = c.leaseMs - c.driftMarginMs
  if (2 * c.renewEveryMs > usableMs) {
    problems.push(`renewEveryMs (${c.renewEveryMs}) allows fewer than two renewals in ${usableMs} ms`)
  }
  if (c.aloneAfterMs < c.leaseMs)
    problems.push(
      `aloneAfterMs (${c.aloneAfterMs}) must not be below leaseMs (${c.leaseMs}): the other may still hold one`,
    )
  if (c.votersMax > 15) problems.push(`votersMax (${c.votersMax}) is above 15`)
  return problems
}
