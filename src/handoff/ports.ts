/** What handoff asks of the kernel. */
import type { Endpoint } from '../base/address.js'
import type { Readings } from './capture-plan.js'
import type { CaptureStep, RestoreStep } from './kernel-step.js'
import type { Snapshot, Traits } from './snapshot.js'

export type { Readings } from './capture-plan.js'
export type { CaptureStep, RestoreStep } from './kernel-step.js'
export type { Snapshot, Traits } from './snapshot.js'

/** What a call answers that did not work: at which step, and the errno's name. */
export interface RepairFault {
  readonly why: string
}

/** All numbers that a socket is rebuilt with; see restore-plan. */
export interface RestorePlan extends Traits {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Of the next byte to come from the peer, and of the next one to go there. */
  readonly receiveSeq: number
  readonly sendSeq: number
}

/** A connection as it is now, with all that its queues hold. */
export interface Capture extends Traits {
  /** Of the first byte that is unread, and of the first that is not acknowledged. */
  readonly receiveSeq: number
  readonly sendSeq: number
  readonly unread: Uint8Array
  readonly unacknowledged: Uint8Array
  /** The peer's FIN came behind `unread`. */
  readonly finReceived: boolean
  /** Ours went behind `unacknowledged`. */
  readonly finSent: boolean
  readonly finAcknowledged: boolean
}

/** Which ways of a rebuilt connection have ended before. */
export interface FormerEnds {
  readonly read: boolean
  readonly sent: boolean
}

/** `header` is valid only during the call, and begins with TCP's; `length` is that of the whole segment. */
export type OnSegment = (from: string, header: Uint8Array, length: number) => void

/** What has come from the peer since the socket was made: something that it took, or at most what lies beyond a gap. */
export type Inbound = 'nothing' | 'gap' | 'taken'

/** How far a connection has come that goes on. */
export interface SocketPosition {
  /** Of the next byte that is read from it, and of the next that is written to it; neither counts a FIN. */
  readonly readSeq: number
  /** Of the next byte to come from the peer, its FIN counted. */
  readonly receiveSeq: number
  readonly writeSeq: number
  /** Of what was written, and of our FIN. */
  readonly unacknowledged: number
  /** The peer's FIN is in the kernel; ours was sent. */
  readonly finReceived: boolean
  readonly finSent: boolean
}

/** Offsets with which the client half goes on. */
export interface Adopted {
  /** Bytes of the backend half that are in the socket, and whether its FIN is. */
  readonly received: number
  readonly finSent: boolean
  /** Of these the client has acknowledged so many; the FIN counts as one. */
  readonly acknowledged: number
}

/** It does not go on: bytes would be missing, or its client is gone. */
export interface Unfit {
  readonly verdict: 'reset' | 'gone'
  readonly why: string
}

/** How sockets are read out and built: see capture-plan and restore-plan. */
export interface RepairPlans {
  readonly captureSteps: readonly CaptureStep[]
  readonly letGoSteps: readonly RestoreStep[]
  restoreSteps(plan: RestorePlan): readonly RestoreStep[]
  takingSteps(local: Endpoint, remote: Endpoint): readonly RestoreStep[]
  noReadings(): Readings
  bytesToPeek(queue: 'receive' | 'send', readings: Readings): number
  bytesRead(readings: Readings): number
  snapshotOf(readings: Readings): Snapshot | RepairFault
  captureOf(readings: Readings): Capture | RepairFault
  positionOf(readings: Readings): SocketPosition | RepairFault
}

export interface SocketRepair {
  /** Of a connection that was just accepted: nothing has been read from it or written to it. */
  snapshot(fd: number): Snapshot | RepairFault
  /** Of any connection, which goes on as it was. */
  position(fd: number): SocketPosition | RepairFault
  /** Of an accepted connection: nothing has been read from it yet, and nothing written. */
  isUntouched(fd: number): boolean
  /** Of any connection. It hears nothing any more and stays in repair mode: to be closed, or let go. */
  capture(fd: number): Capture | RepairFault
  /**
   * A descriptor in repair mode: nothing leaves it, and nothing is answered. Its address need not be on this host yet. `instead`: a
   * descriptor of the same connection, which is closed at the last moment, and in any case.
   */
  restore(plan: RestorePlan, instead?: number): number | RepairFault
  /** What it tells its peer as the time (TSval); `undefined`: that cannot be asked. */
  clock(fd: number): number | undefined
  /** Whether a socket of this host has the connection between these ends; also where that cannot be told. */
  isTaken(local: Endpoint, remote: Endpoint): boolean
  /** Into a restored socket: bytes of the peer that nobody has read. */
  fillReceived(fd: number, bytes: Uint8Array): RepairFault | undefined
  /** Into a restored socket: bytes that the peer may have got already. `undefined`: done. */
  fillSent(fd: number, bytes: Uint8Array): RepairFault | undefined
  /** The FIN behind them, which it may have got as well. */
  endSent(fd: number): RepairFault | undefined
  /** Leaves repair mode with a window probe, which the peer answers. */
  letGo(fd: number): RepairFault | undefined
  /** All of `bytes`, with as large a buffer as that needs. */
  send(fd: number, bytes: Uint8Array): RepairFault | undefined
  /** One more window probe. */
  probe(fd: number): void
  /** Bytes that the peer has acknowledged since the socket was made, and our FIN. */
  bytesAcknowledged(fd: number): number
  /** Bytes of the peer since the socket was made, and its FIN. */
  bytesIn(fd: number): number
  inbound(fd: number): Inbound
  /** Bytes that nobody has read yet; negative: an errno. */
  unread(fd: number): number
  /** What comes is dropped before the socket sees it, until `hear`. */
  deafen(fd: number): void
  hear(fd: number): void
  /** The close that follows sends neither FIN nor RST. */
  silence(fd: number): void
}

/**
 * The acknowledgements of one client's connection, held back: its kernel says no higher number than was released. Numbers are
 * sequence numbers of the client's direction.
 */
export interface HeldAck {
  /** All before it is safe. */
  release(seq: number): void
  /** Everything that the kernel has said. */
  releaseAll(): void
  /** What the kernel has said and was not let through, in bytes. */
  readonly held: number
  /** For another process, that goes on with it. */
  readonly state: HeldState
  /** What was released and the client was not told, though the kernel said it. */
  readonly owed: number
  /** Tells it, in the kernel's place. */
  say(): void
  /** The kernel acknowledges as it likes, from now on. */
  end(): void
}

/** An acknowledgement without bytes, as TCP has its fields; `options`: whole words, as they are sent. */
export interface AckWords {
  readonly seq: number
  readonly ack: number
  readonly window: number
  readonly options: Uint8Array
}

/** A packet from the one to the other, with its header. */
export type EncodeAck = (from: Endpoint, to: Endpoint, words: AckWords) => Uint8Array

/** How far a connection is whose acknowledgements are held back, in sequence numbers. */
export interface HeldState {
  /** All before is safe. */
  readonly released: number
  /** The highest number that the client was told. */
  readonly told: number
  /** The kernel's last word; missing: nothing was heard of it yet. A client that has sent all it may hears no other. */
  readonly last?: AckWords | undefined
}

export interface AckHolder {
  /** For so many more. */
  readonly room: number
  /** `scale`: the shift of the windows that the client is told. `undefined`: there is no room, or the kernel refuses. */
  hold(client: Endpoint, service: Endpoint, from: HeldState, scale: number): HeldAck | undefined
}
