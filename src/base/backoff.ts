import type { Prng } from './prng.js'
import type { Millis } from './time.js'

export interface BackoffLimits {
  readonly firstMs: Millis
  readonly maxMs: Millis
}

/**
 * Exponential back-off with full jitter: uniform in (½ … 1) × min(maxMs, firstMs × 2ⁿ), so that peers that failed
 * together do not come back together.
 */
export function backoffDelay(attempt: number, limits: BackoffLimits, random: Prng): Millis {
  const ceiling = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(attempt, 30))
  return random.between(ceiling / 2, ceiling)
}
