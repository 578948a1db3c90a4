/**
 * A lane's counters in memory that the control plane reads at any time, without a message: a saturated lane is looked at
 * as cheaply as an idle one. Written by the lane alone. Doubles, which are read and written whole on 64-bit machines.
 */
import type { LaneCounters } from './lane-report.js'

export const COUNTERS = [
  'accepted',
  'dialled',
  'undialled',
  'ended',
  'reset',
  'refused',
  'retried',
  'bytesUp',
  'bytesDown',
  'incidents',
  'resumed',
  'retained',
  'revived',
  'proven',
  'filled',
  'inputLost',
  'clientGone',
  'holdsRefused',
  'holdsLate',
  'accessDropped',
] as const satisfies readonly (keyof LaneCounters)[]

export function countersMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(COUNTERS.length * Float64Array.BYTES_PER_ELEMENT)
}

/** A view of the memory: what is written to it is seen by all who have one. */
export function sharedCounters(memory: SharedArrayBuffer): LaneCounters {
  const values = new Float64Array(memory)
  const view: Partial<LaneCounters> = {}
  for (const [at, name] of COUNTERS.entries()) {
    Object.defineProperty(view, name, {
      enumerable: true,
      get: () => values[at],
      set: (value: number) => {
        values[at] = value
      },
    })
  }
  return view as LaneCounters
}

export function sumOfCounters(all: readonly Readonly<LaneCounters>[]): LaneCounters {
  const sum = sharedCounters(countersMemory())
  for (const counters of all) for (const name of COUNTERS) sum[name] += counters[name]
  return { ...sum }
}
