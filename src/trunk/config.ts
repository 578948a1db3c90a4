/** The knobs of control links. */
import type { Millis } from '../base/time.js'

export interface TrunkConfig {
  /**
   * From the dial, or the accept, until both ends are proven. Covers a lost SYN (1 s) and a busy host; it also bounds how
   * long a stranger holds one of `unprovenMax` places.
   */
  readonly greetMs: Millis
  /** Accepted connections that have proven nothing yet. One more is refused at once and counted. */
  readonly unprovenMax: number
  /** Links to proven peers, and peers wanted. Above the largest cluster; beyond it newcomers are refused. */
  readonly linksMax: number
  /** A peer not heard for this long is pinged. */
  readonly heartbeatMs: Millis
  /** A peer not heard for this long is taken for dead. At least three pings fit in, so that one stall is no death. */
  readonly silenceMs: Millis
  /** Bytes that wait for a peer that does not read. Beyond it the link is closed: its state is exchanged anew later. */
  readonly sendQueueBytesMax: number
  /** First pause before a peer is dialled again; doubles up to `dialMaxMs`. */
  readonly dialFirstMs: Millis
  /** Also how long a link must stand to count as good: one that breaks sooner does not start the pauses anew. */
  readonly dialMaxMs: Millis
  /** How long a goodbye may take to leave before the socket is cut. */
  readonly lingerMs: Millis
}

const DEFAULTS: TrunkConfig = {
  greetMs: 3_000,
  unprovenMax: 64,
  linksMax: 4_096,
  heartbeatMs: 1_000,
  silenceMs: 5_000,
  sendQueueBytesMax: 8 * 2 ** 20,
  dialFirstMs: 100,
  dialMaxMs: 5_000,
  lingerMs: 500,
}

/** The merged configuration; check it with `checkTrunkConfig` before use. */
export function trunkConfig(overrides: Partial<TrunkConfig> = {}): TrunkConfig {
  return Object.freeze({ ...DEFAULTS, ...overrides })
}

/** All problems of a merged configuration, in words; empty when it can be used. */
export function checkTrunkConfig(config: TrunkConfig): string[] {
  const problems: string[] = []
  for (const [knob, value] of Object.entries(config)) {
    if (!Number.isFinite(value) || value <= 0) problems.push(`${knob} (${value}) must be a number above 0`)
  }
  for (const knob of ['unprovenMax', 'linksMax', 'sendQueueBytesMax'] as const) {
    if (!Number.isInteger(config[knob])) problems.push(`${knob} (${config[knob]}) must be a whole number`)
  }
  const { heartbeatMs, silenceMs, dialFirstMs, dialMaxMs, sendQueueBytesMax } = config
  if (silenceMs < 3 * heartbeatMs) {
    problems.push(`silenceMs (${silenceMs}) must be at least 3 × heartbeatMs (${heartbeatMs})`)
  }
  if (dialMaxMs < dialFirstMs) problems.push(`dialMaxMs (${dialMaxMs}) is below dialFirstMs (${dialFirstMs})`)
  if (sendQueueBytesMax < 2 ** 21) {
    problems.push(`sendQueueBytesMax (${sendQueueBytesMax}) holds fewer than two messages of 1 MiB`)
  }
  return problems
}
