import type { Millis } from '../base/time.js'
import type { Reason } from './reasons.js'

/**
 * The other half of a splice, as calls: what travels as frames where it is on another node, and is handed over directly
 * where both halves share a lane.
 */
export interface Counterpart {
  /** The way there is full or gone: send nothing. Whoever was told so has its `Half.release` called when it is free. */
  readonly congested: boolean
  /** What is sent may be lost with a link, so it is kept until the other half settles it. */
  readonly isRemote: boolean
  /** Round trip of the way there, as measured last; 0 where there is none. */
  readonly rttMs: Millis
  /** `chunk` is valid only during the call; it begins at `offset` of its direction. */
  data(offset: number, chunk: Uint8Array): void
  ack(written: number, acknowledged: number, window: number): void
  fin(offset: number): void
  /** What follows are the last bytes of this half, which may go beyond the credit that was given. `clock`: of its socket (TSval). */
  freeze(clock: number | undefined): void
  reset(reason: Reason): void
  /** The client half is done: the backend half need not be kept any longer. */
  confirm(): void
}
