/** How a client's socket is read out, and what the numbers that come of it mean. */
import type { CaptureStep } from './kernel-step.js'
import type { Capture, RepairFault, Snapshot, SocketPosition, Traits } from './ports.js'

/**
 * First it is made deaf: what comes meanwhile is as if it were lost, and the peer sends it again. A queue is chosen for as short as
 * can be: with the send queue chosen the kernel takes what it would send for sent (tcp_write_xmit).
 */
export const CAPTURE_STEPS: readonly CaptureStep[] = [
  { op: 'deafen' },
  { op: 'repair', mode: 'on' },
  { op: 'read-info' },
  { op: 'read-mss' },
  { op: 'read-clock' },
  { op: 'read-window' },
  { op: 'queue', queue: 'receive' },
  { op: 'read-seq', queue: 'receive' },
  { op: 'count', queue: 'receive' },
  { op: 'peek', queue: 'receive' },
  { op: 'queue', queue: 'send' },
  { op: 'read-seq', queue: 'send' },
  { op: 'count', queue: 'send' },
  { op: 'peek', queue: 'send' },
  { op: 'queue', queue: 'none' },
]

/** What the kernel has said of a socket so far. */
export interface Readings {
  /** TCP_INFO: the state, TCPI_OPT_ bits, and both shifts in one byte. */
  state: number
  options: number
  scales: number
  /** The peer's FIN counts as one. */
  bytesReceived: number
  mss: number
  clock: number
  sendWindow: number
  maxWindow: number
  receiveWindow: number
  /** Of each queue: the sequence number behind it, how much it holds, and that. */
  readonly receive: QueueReadings
  readonly send: QueueReadings
}

export interface QueueReadings {
  seq: number
  count: number
  /** `undefined`: not all of it could be read. */
  bytes: Uint8Array | undefined
}

export function noReadings(): Readings {
  const queue = () => ({ seq: 0, count: 0, bytes: new Uint8Array(0) })
  const windows = { sendWindow: 0, maxWindow: 0, receiveWindow: 0 }
  return {
    state: 0,
    options: 0,
    scales: 0,
    bytesReceived: 0,
    mss: 0,
    clock: 0,
    ...windows,
    receive: queue(),
    send: queue(),
  }
}

/** linux/tcp.h. */
const OPTION_TIMESTAMPS = 1
const OPTION_SACK = 2
const OPTION_WSCALE = 4

/** net/tcp_states.h. */
const ESTABLISHED = 1
const FIN_WAIT1 = 4
const FIN_WAIT2 = 5
const CLOSE_WAIT = 8
const LAST_ACK = 9
const CLOSING = 11
const YOUNG = [ESTABLISHED, CLOSE_WAIT]
const FIN_SENT = [FIN_WAIT1, FIN_WAIT2, LAST_ACK, CLOSING]
const FIN_ON_ITS_WAY = [FIN_WAIT1, LAST_ACK, CLOSING]
const FIN_RECEIVED = [CLOSE_WAIT, LAST_ACK, CLOSING]
const READABLE = [ESTABLISHED, ...FIN_SENT, CLOSE_WAIT]

/** That the peer has sent, and that were read from the socket since it was made. */
export function bytesRead({ state, bytesReceived, receive }: Readings): number {
  return bytesReceived - receive.count - (FIN_RECEIVED.includes(state) ? 1 : 0)
}

/** How many bytes a look into that queue must show: the kernel counts our FIN among those that wait, and does not show it. */
export function bytesToPeek(queue: 'receive' | 'send', readings: Readings): number {
  const fin = queue === 'send' && FIN_ON_ITS_WAY.includes(readings.state) ? 1 : 0
  return Math.max(0, readings[queue].count - fin)
}

/** Of a connection that was just accepted; `receive.seq` was the same before and after `bytesReceived` was read. */
export function snapshotOf(readings: Readings): Snapshot | RepairFault {
  const { state, bytesReceived, receive, send } = readings
  if (!YOUNG.includes(state)) return { why: `in TCP state ${state}` }
  return { firstSent: send.seq, firstReceived: (receive.seq - bytesReceived) >>> 0, ...traitsOf(readings) }
}

export function captureOf(readings: Readings): Capture | RepairFault {
  const { state, receive, send } = readings
  if (!READABLE.includes(state)) return { why: `in TCP state ${state}` }
  if (receive.bytes === undefined || send.bytes === undefined) return { why: 'a queue cannot be read' }
  return {
    ...traitsOf(readings),
    finReceived: FIN_RECEIVED.includes(state),
    finSent: FIN_SENT.includes(state),
    finAcknowledged: FIN_SENT.includes(state) && !FIN_ON_ITS_WAY.includes(state),
    receiveSeq: (receive.seq - receive.bytes.byteLength) >>> 0,
    sendSeq: (send.seq - send.count) >>> 0,
    unread: receive.bytes,
    unacknowledged: send.bytes,
  }
}

export function positionOf({ state, receive, send }: Readings): SocketPosition | RepairFault {
  if (!READABLE.includes(state)) return { why: `in TCP state ${state}` }
  const [finReceived, finSent] = [FIN_RECEIVED.includes(state), FIN_SENT.includes(state)]
  return {
    receiveSeq: receive.seq,
    readSeq: (receive.seq - receive.count - (finReceived ? 1 : 0)) >>> 0,
    writeSeq: (send.seq - (finSent ? 1 : 0)) >>> 0,
    unacknowledged: send.count,
    finReceived,
    finSent,
  }
}

function traitsOf({ options, scales, mss, clock, sendWindow, maxWindow, receiveWindow }: Readings): Traits {
  return {
    mss,
    sack: (options & OPTION_SACK) !== 0,
    windowScale: (options & OPTION_WSCALE) === 0 ? undefined : { send: scales & 15, receive: scales >> 4 },
    timestamp: (options & OPTION_TIMESTAMPS) === 0 ? undefined : clock,
    sendWindow,
    maxWindow,
    receiveWindow,
  }
}
