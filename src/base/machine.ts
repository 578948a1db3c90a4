import type { Millis } from './time.js'

/**
 * A pure decision maker: events and a time in, effects out (the shape of etcd's `RawNode` and of quinn's `Connection`).
 * The one legal order is: one `handle`, then `poll` until it says `undefined`, then look at `nextDeadline`.
 */
export interface Machine<Event, Effect> {
  /** One mutation. Never blocks, never throws for anything that a peer can send. */
  handle(event: Event, now: Millis): void
  /** Time has passed: whatever is due is done. */
  tick(now: Millis): void
  /** Next thing to do; `undefined` when drained. */
  poll(): Effect | undefined
  /** When to call `tick`, or `undefined` to sleep until input. */
  nextDeadline(): Millis | undefined
}
