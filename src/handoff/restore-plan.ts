/**
 * From what was kept of a client's socket to the numbers it is rebuilt with. Sequence errors of either sign are fatal to a
 * connection (kernel-notes, fact 3), so nothing here is estimated but the clock.
 */
import type { Endpoint } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { RestorePlan } from './ports.js'
import { advance } from './sequence.js'
import type { Snapshot } from './snapshot.js'

/** How far a client's connection has come, in offsets of each direction. */
export interface Standing {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Bytes of the client that count, and whether its FIN is among what counts. */
  readonly received: number
  readonly finReceived: boolean
  /** Bytes to the client that its TCP has acknowledged; its acknowledgement of our FIN. */
  readonly acknowledged: number
  readonly finAcknowledged: boolean
  /** Since the snapshot. */
  readonly ageMs: Millis
  /** The clock that the client was told last, `ageMs` ago, where that is known. */
  readonly clock: number | undefined
}

/**
 * A TSval behind what the client has seen makes it drop our segments (PAWS, RFC 7323, 5); one ahead does no harm until it is
 * 2³¹ ahead. So the clock of the dead director is taken for faster than ours, and for late to say so.
 */
const TIMESTAMP_MARGIN_MS: Millis = 10_000
const TIMESTAMP_DRIFT = 0.001
/** Bit 0 switches a socket of newer kernels to a clock of microseconds (kernel-notes 1). */
const MILLISECOND_CLOCK = 0xfffffffe

export function planRestore(snapshot: Snapshot, standing: Standing): RestorePlan {
  const { received, finReceived, acknowledged, finAcknowledged, ageMs, clock, local, remote } = standing
  const { firstReceived, firstSent, ...traits } = snapshot
  return {
    ...traits,
    local,
    remote,
    receiveSeq: advance(firstReceived, received + (finReceived ? 1 : 0)),
    sendSeq: advance(firstSent, acknowledged + (finAcknowledged ? 1 : 0)),
    timestamp: traits.timestamp === undefined ? undefined : timestampNow(traits.timestamp, clock, ageMs),
    maxWindow: Math.max(traits.maxWindow, traits.sendWindow),
  }
}

/** What the next director begins from: the clock as this one has set it; all else is for life. */
export function snapshotAfter(snapshot: Snapshot, plan: RestorePlan): Snapshot {
  return { ...snapshot, timestamp: plan.timestamp }
}

/** A clock that is known goes on as it went: round trips that are measured across the move are true. */
function timestampNow(atSnapshot: number, told: number | undefined, ageMs: Millis): number {
  if (told === undefined) return timestampAfter(atSnapshot, ageMs)
  return (advance(told, Math.ceil(ageMs) + 2) & MILLISECOND_CLOCK) >>> 0
}

export function timestampAfter(timestamp: number, ageMs: Millis): number {
  const elapsed = Math.ceil(ageMs + TIMESTAMP_MARGIN_MS + ageMs * TIMESTAMP_DRIFT)
  return (advance(timestamp, elapsed + 1) & MILLISECOND_CLOCK) >>> 0
}
