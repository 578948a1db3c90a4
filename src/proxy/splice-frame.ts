/**
 * The frames of the splice protocol (docs/wire.md). A sealed record carries whole frames, of many splices:
 *
 *     handle u32 | kind u8 | length u24 | payload
 *
 * A handle stands for a splice's id and term on one link, bound by OPEN or RESUME; handle 0 is the link itself. The side
 * that dialled the link gives even handles, the other odd ones. A kind that we do not know is skipped by its length, and
 * so is a field: OPEN, OPENED, RESUME and HELLO end in fields `type u8 | length u16 | value`.
 */
import type { Endpoint } from '../base/address.js'
import type { SpliceId, Term } from '../base/ids.js'
import type { Millis } from '../base/time.js'
import type { DialFrame, UndialledFrame } from './dial-frames.js'
import type { AskFrame, LedgerFrame, MortalFrame, RowFrame } from './ledger-frames.js'
import type { Reason } from './reasons.js'
import type { UnreadFrame, UnservedFrame } from './unserved-frames.js'

export const FRAME_HEADER_BYTES = 8
/** DATA's payload begins with the low 32 bits of its offset. */
export const DATA_OFFSET_BYTES = 4
export const DATA_OFFSET_MODULUS = 2 ** 32
/** A frame fits one record, whose plaintext has at most 266,240 bytes. */
export const FRAME_PAYLOAD_BYTES_MAX = 266_240 - FRAME_HEADER_BYTES
export const DATA_BYTES_MAX = FRAME_PAYLOAD_BYTES_MAX - DATA_OFFSET_BYTES
export const LINK_HANDLE = 0

export const KIND = {
  data: 1,
  ack: 2,
  fin: 3,
  reset: 4,
  open: 5,
  opened: 6,
  refused: 7,
  resume: 8,
  resumed: 9,
  freeze: 10,
  thaw: 11,
  confirm: 12,
  hello: 16,
  ping: 17,
  pong: 18,
  goodbye: 19,
  ask: 20,
  row: 21,
  ledger: 22,
  barrier: 23,
  passed: 24,
  mortal: 25,
  dial: 26,
  undialled: 27,
  unserved: 28,
  unread: 29,
} as const

/** Asks for a backend connection. Sent by the client half's node; the answer is OPENED or REFUSED. */
export interface OpenFrame {
  readonly kind: 'open'
  readonly handle: number
  readonly id: SpliceId
  readonly term: Term
  readonly service: string
  /** The port on which the backend's program listens. */
  readonly port: number
  readonly client: Endpoint
  readonly destination: Endpoint
  /** Who the client is, as a proxy in front has said; `undefined`: the other end of its connection. */
  readonly source?: Endpoint | undefined
  readonly connectMs: number
  readonly keepaliveMs: number
  /** Credit that the client half gives downwards, in bytes. */
  readonly window: number
  /** Written to the backend before anything else; empty for none. */
  readonly proxyHeader: Uint8Array
  /** The client socket as it was at accept (handoff's snapshot-codec); empty where it cannot be taken. */
  readonly snapshot: Uint8Array
  /** The DIAL that this answers: no program is dialled, the one that asked is joined. 0: the client has come by itself. */
  readonly call: number
  /** What a proxy in front has named the connection; missing: nothing, or nobody has. */
  readonly uniqueId?: string | undefined
}

export interface OpenedFrame {
  readonly kind: 'opened'
  readonly handle: number
  /** The backend's connection as its node sees it. */
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Credit that the backend half gives upwards, in bytes. */
  readonly window: number
}

export interface RefusedFrame {
  readonly kind: 'refused'
  readonly handle: number
  readonly reason: Reason
  readonly detail: string
}

/**
 * `written` bytes of the other direction are in this half's kernel: the sender may go on to `written + window`.
 * `acknowledged` of them have been acknowledged by the TCP behind it: what was kept of those may be freed.
 */
export interface AckFrame {
  readonly kind: 'ack'
  readonly handle: number
  readonly written: number
  readonly acknowledged: number
  readonly window: number
}

/** The direction ends at `offset`; the FIN itself counts as one more unit, as in TCP. */
export interface FinFrame {
  readonly kind: 'fin'
  readonly handle: number
  readonly offset: number
}

export interface ResetFrame {
  readonly kind: 'reset'
  readonly handle: number
  readonly reason: Reason
}

/** A FIN of one direction: not seen, passed on, acknowledged by the TCP behind it. */
export type FinState = 'none' | 'sent' | 'acknowledged'

/** A new client half takes a splice over in a new term; offsets are what it has, both ways. */
export interface ResumeFrame {
  readonly kind: 'resume'
  readonly handle: number
  readonly id: SpliceId
  readonly term: Term
  readonly service: string
  /** Client to backend: what the client half has received. */
  readonly up: number
  /** Backend to client: what the client's TCP has acknowledged. */
  readonly down: number
  readonly finUp: FinState
  readonly finDown: FinState
  readonly window: number
  /** The client socket as it was `snapshotAgeMs` ago, for the next director; empty: OPEN's still holds, or there is none. */
  readonly snapshot: Uint8Array
  readonly snapshotAgeMs: Millis
}

export interface ResumedFrame {
  readonly kind: 'resumed'
  readonly handle: number
  readonly up: number
  readonly down: number
  readonly finUp: FinState
  readonly finDown: FinState
  readonly window: number
}

/** The last bytes follow, perhaps beyond the credit: the client's socket is given up, and has said all that it will say. */
export interface FreezeFrame {
  readonly kind: 'freeze'
  readonly handle: number
  /** Of that socket (TSval, RFC 7323). */
  readonly clock: number | undefined
}

/** Go on (THAW), the splice may be forgotten (CONFIRM). */
export interface BareFrame {
  readonly kind: 'thaw' | 'confirm'
  readonly handle: number
}

/** First frame of each side of a link. */
export interface HelloFrame {
  readonly kind: 'hello'
  readonly handle: number
  readonly versionMin: number
  readonly versionMax: number
  readonly features: number
  readonly lane: number
}

/** PASSED answers BARRIER when all has been said that frames before it asked for; PING and PONG measure the link. */
export interface PingFrame {
  readonly kind: 'ping' | 'pong' | 'barrier' | 'passed'
  readonly handle: number
  readonly token: number
}

/** The sender closes the link in order; nothing follows. */
export interface GoodbyeFrame {
  readonly kind: 'goodbye'
  readonly handle: number
  readonly reason: Reason
}

/** Every frame but DATA, which is passed on without becoming an object. */
export type SpliceFrame =
  | OpenFrame
  | OpenedFrame
  | RefusedFrame
  | AckFrame
  | FinFrame
  | ResetFrame
  | ResumeFrame
  | ResumedFrame
  | FreezeFrame
  | BareFrame
  | HelloFrame
  | PingFrame
  | GoodbyeFrame
  | AskFrame
  | RowFrame
  | LedgerFrame
  | MortalFrame
  | DialFrame
  | UndialledFrame
  | UnservedFrame
  | UnreadFrame
