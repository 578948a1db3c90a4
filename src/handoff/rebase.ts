import type { Capture } from './ports.js'
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

/**
 * Of a connection that was read out whole and goes on elsewhere: its streams begin with the bytes that were read out, before which the
 * client's came `held`, which had been read before. `known`: of it as it was at accept; the client may have been told of a larger window
 * than there is room for now.
 */
export function departing(capture: Capture, held: number, known: Snapshot | undefined): Snapshot {
  const { receiveSeq, sendSeq, finReceived, mss, sack, windowScale, timestamp, sendWindow } = capture
  return {
    // The kernel counts a FIN that has come, also before it is read.
    firstReceived: advance(receiveSeq, -held - (finReceived ? 1 : 0)),
    firstSent: sendSeq,
    mss,
    sack,
    windowScale,
    timestamp,
    sendWindow,
    maxWindow: Math.max(capture.maxWindow, known?.maxWindow ?? 0),
    receiveWindow: Math.max(capture.receiveWindow, known?.receiveWindow ?? 0),
  }
}
