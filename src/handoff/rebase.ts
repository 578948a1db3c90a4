import { timestampAfter } from './restore-plan.js'
import { advance } from './sequence.js'
import type { Snapshot } from './snapshot.js'

/** How far a connection has come, and since when. */
export interface Passed {
  /** Bytes of the client that its former program has taken; bytes to the client that its TCP has acknowledged. */
  readonly received: number
  readonly acknowledged: number
  /** What its socket tells it as the time now (TSval); `undefined`: that cannot be asked. */
  readonly clock: number | undefined
  /** Of the snapshot. */
  readonly ageMs: number
}

/** As if the connection began now: offsets are counted from here. Windows and options are for life. */
export function rebased(snapshot: Snapshot, { received, acknowledged, clock, ageMs }: Passed): Snapshot {
  const { firstReceived, firstSent, timestamp } = snapshot
  return {
    ...snapshot,
    firstReceived: advance(firstReceived, received),
    firstSent: advance(firstSent, acknowledged),
    timestamp: timestamp === undefined ? undefined : (clock ?? timestampAfter(timestamp, ageMs)),
  }
}
