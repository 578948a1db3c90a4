/** What changed between two looks at a node, by the second. */
import type { Millis } from '../base/time.js'
import type { CountersView } from '../node/control/control-protocol.js'

export interface Rates {
  readonly accepted: number
  readonly ended: number
  readonly reset: number
  readonly refused: number
  readonly bytesUp: number
  readonly bytesDown: number
}

const COUNTED = ['accepted', 'ended', 'reset', 'refused', 'bytesUp', 'bytesDown'] as const

/** `undefined`: nothing to compare with, such as at first, or where the node has begun anew meanwhile. */
export function ratesBetween(
  before: Pick<Look, 'counters' | 'at' | 'boot'> | undefined,
  now: Pick<Look, 'counters' | 'at' | 'boot'>,
): Rates | undefined {
  if (before === undefined || before.boot !== now.boot || now.at <= before.at) return undefined
  const seconds = (now.at - before.at) / 1_000
  const rates = Object.fromEntries(
    // What another director goes on with is counted there: never less than nothing.
    COUNTED.map((field) => [field, Math.max(0, now.counters[field] - before.counters[field]) / seconds]),
  )
  return rates as unknown as Rates
}

export interface Look {
  readonly at: Millis
  readonly boot: number
  readonly counters: CountersView
}
