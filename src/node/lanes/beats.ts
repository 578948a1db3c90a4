/**
 * The control plane's beats for the gate's pulse, beside those of the thread that speaks with the LAN. Either may have to wait, for the
 * kernel's networks (rtnl_lock) or for a processor, while the process runs: it stands still when both do.
 */
import type { Alarm, AlarmClock } from '../../base/clock.js'
import type { Millis } from '../../base/time.js'

/** See `Pulse`. */
export interface Beaten {
  beat(now: Millis): void
  rest(): void
}

export class Beats {
  readonly #held = new Set<string>()
  readonly #alarm: Alarm

  constructor(
    private readonly clock: AlarmClock,
    private readonly pulse: Beaten,
    private readonly everyMs: Millis,
  ) {
    this.#alarm = clock.alarm(() => this.#beat())
  }

  hold(address: string): void {
    const isFirst = this.#held.size === 0
    this.#held.add(address)
    if (isFirst) this.#beat()
  }

  /** The thread says when nobody is watched any more: it may beat until then. */
  drop(address: string): void {
    this.#held.delete(address)
    if (this.#held.size === 0) this.#alarm.set(undefined)
  }

  /** The process ends, and what it leaves behind until the kernel has taken it down withholds nothing of whoever goes on. */
  end(): void {
    this.#held.clear()
    this.#alarm.set(undefined)
    this.pulse.rest()
  }

  #beat(): void {
    const now = this.clock.now()
    this.pulse.beat(now)
    this.#alarm.set(now + this.everyMs)
  }
}
