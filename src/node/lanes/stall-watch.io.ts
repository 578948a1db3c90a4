import type { Clock } from '../../base/clock.js'
import type { Millis } from '../../base/time.js'

const LOOK_EVERY_MS = 50

/**
 * Measures how late this event loop is. A late loop makes a node doubt itself before it accuses others, and a gap above
 * the lease's margin (a pause, a suspended host) voids its leases.
 */
export class StallWatch {
  #timer: NodeJS.Timeout | undefined
  #expected: Millis

  constructor(
    private readonly clock: Clock,
    /** Less than this is ordinary weather. */
    private readonly reportMs: Millis,
    private readonly onStall: (lateMs: Millis) => void,
  ) {
    this.#expected = clock.now() + LOOK_EVERY_MS
  }

  start(): void {
    this.#expected = this.clock.now() + LOOK_EVERY_MS
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = this.clock.now()
    const late = now - this.#expected
    this.#expected = now + LOOK_EVERY_MS
    if (late >= this.reportMs) this.onStall(late)
  }
}
