import type { Millis } from './time.js'

/**
 * The only source of time. `now` counts milliseconds of CLOCK_BOOTTIME (it goes on through a suspend), so a lease that
 * ran out while the host slept is seen to have run out.
 */
export interface Clock {
  now(): Millis
  /** Wall clock in milliseconds since 1970, for logs and hybrid logical clocks; it may jump. */
  wall(): Millis
}

/**
 * Time that a loop holds still for the length of a few events: they are over within a few milliseconds, and asking the
 * system a dozen times meanwhile costs more than it tells. Between `release` and `hold` it goes on.
 */
export class HeldClock implements Clock {
  #held: Millis | undefined

  constructor(private readonly clock: Clock) {}

  now(): Millis {
    return this.#held ?? this.clock.now()
  }

  wall(): Millis {
    return this.clock.wall()
  }

  hold(): void {
    this.#held = this.clock.now()
  }

  release(): void {
    this.#held = undefined
  }
}

/** One alarm of a driver: setting it replaces the earlier setting; `undefined` turns it off. */
export interface Alarm {
  set(deadline: Millis | undefined): void
}

export interface AlarmClock extends Clock {
  alarm(ring: () => void): Alarm
}
