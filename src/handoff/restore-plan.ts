/**
 * From what was kept of a client's socket to the numbers it is rebuilt with. Sequence errors of either sign are fatal to a
 * connection (kernel-notes, fact 3), so nothing here is estimated but the clock.
 */
import { type Endpoint, isIpv6 } from '../base/address.js'
import type { Millis } from '../base/time.js'
import type { RestoreStep } from './kernel-step.js'
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
/** The kernel takes no larger one there (MAX_TCP_WINDOW, net/tcp.h). */
const MAXSEG_MAX = 32_767
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

/** Of a stream whose first bytes are a header, or another splice's, and none of its own: offsets begin after them. */
export function snapshotPast(snapshot: Snapshot, received: number, sent = 0): Snapshot {
  const { firstReceived, firstSent } = snapshot
  return { ...snapshot, firstReceived: advance(firstReceived, received), firstSent: advance(firstSent, sent) }
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

/**
 * Sequence numbers are taken before connect() only, options and clock after it only; the window last, since it is checked
 * against them. The socket is in repair mode at the end: nothing leaves it.
 */
export function restoreSteps(plan: RestorePlan): readonly RestoreStep[] {
  const { local, remote, receiveSeq, sendSeq, sendWindow, maxWindow, receiveWindow } = plan
  const { mss, sack, windowScale, timestamp } = plan
  const numbers: readonly RestoreStep[] = [
    { op: 'queue', queue: 'receive' },
    { op: 'set-seq', seq: receiveSeq },
    { op: 'queue', queue: 'send' },
    { op: 'set-seq', seq: sendSeq },
    { op: 'queue', queue: 'none' },
    // The options below say what the peer takes, but the kernel goes on cutting segments by what it knew at connect: 536 bytes.
    { op: 'set-mss', mss: Math.min(mss, MAXSEG_MAX) },
    // Between the one and the other a segment of the peer meets nobody, and would be answered with an RST: as short as can be.
    { op: 'make-way' },
  ]
  return [
    // The address may be here already, and segments be processed in repair mode too (kernel-notes, fact 6).
    { op: 'deafen' },
    ...takingSteps(local, remote, numbers),
    { op: 'set-options', options: { mss, sack, windowScale, timestamp } },
    // After connect, which sets a clock of its own.
    ...(timestamp === undefined ? [] : [{ op: 'set-clock', timestamp } as const]),
    { op: 'set-window', words: [receiveSeq, sendWindow, maxWindow, receiveWindow, receiveSeq] },
  ]
}

/** The kernel lets nobody connect a second time between the same ends; in repair mode nothing leaves for it. */
export function takingSteps(
  local: Endpoint,
  remote: Endpoint,
  between: readonly RestoreStep[] = [],
): readonly RestoreStep[] {
  return [
    // Also past a program of this host that listens on the port (SK_FORCE_REUSE): SO_REUSEADDR would take that away.
    { op: 'repair', mode: 'on' },
    // The address is not here yet (kernel-notes, fact 7).
    { op: 'transparent', family: isIpv6(local.address) ? 6 : 4, on: true },
    { op: 'bind', to: local },
    ...between,
    { op: 'connect', to: remote },
  ]
}

/** With it the connection speaks, by a window probe. */
export const LET_GO_STEPS: readonly RestoreStep[] = [
  { op: 'hear' },
  // A young socket acknowledges each segment at once; what a director that dies now has not read would be lost.
  { op: 'delay-acknowledgements' },
  { op: 'queue', queue: 'none' },
  // Else it would go on sending after the address has left this host (kernel-notes, fact 7). While it is still silent: between the
  // two a process that is killed would say FIN, with the address gone.
  { op: 'transparent', family: 4, on: false },
  { op: 'transparent', family: 6, on: false },
  { op: 'repair', mode: 'off' },
  // The kernel takes it away with repair mode: a listener that starts later could not have the port.
  { op: 'reuse-address' },
]
