/**
 * Since when the client of a backend half has had no answer. A director is heard of more often than its clients are served: one that
 * takes over rebuilds their sockets first, and may die before it lets them go; one that gives the service away goes on to live.
 *
 *     the director dies    ROW, RESUME    the next one dies    ROW, RESUME    let go
 *     ├───────────────────────────── dark ───────────────────────────────────┤
 */
import type { Millis } from '../base/time.js'

/** A director that is heard for so long after RESUME has let its sockets go: it waits for ledgers, and for kept bytes, 5 s each. */
const LET_GO_MS_MAX: Millis = 10_000

/** Of the client, as the backend half knows: both grow only while a socket is served that has been let go. */
export interface ClientProgress {
  readonly received: number
  readonly acknowledged: number
}

export class DarkTime {
  /** `undefined`: its director serves it. */
  #since: Millis | undefined
  /** When a director said RESUME that has not been seen to serve it. */
  #resumed: (ClientProgress & { readonly at: Millis }) | undefined

  /** Its director says that it serves it no longer; bytes that still come are those that it had. */
  begin(progress: ClientProgress, now: Millis): void {
    this.since(progress, now)
    this.#resumed = undefined
  }

  /** A director goes on with it, and lets its socket go later. */
  resume(progress: ClientProgress, now: Millis): void {
    if (this.#hasGrown(progress)) this.#forget()
    if (this.#since !== undefined) this.#resumed = { ...progress, at: now }
  }

  /** Since when, if its director was heard last at `heardAt` and is none any more. */
  since(progress: ClientProgress, heardAt: Millis): Millis {
    const isOld = this.#resumed !== undefined && heardAt > this.#resumed.at + LET_GO_MS_MAX
    if (isOld || this.#hasGrown(progress)) this.#forget()
    this.#since ??= heardAt
    return this.#since
  }

  #hasGrown({ received, acknowledged }: ClientProgress): boolean {
    const before = this.#resumed
    return before !== undefined && (received > before.received || acknowledged > before.acknowledged)
  }

  #forget(): void {
    this.#since = undefined
    this.#resumed = undefined
  }
}
