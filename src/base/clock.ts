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
 * Time that a loop holds still for the length of one event: a lease is looked at several times meanwhile, and asking the
 * system costs as much as a tenth of a small event. The first question after `hold` is the one that is asked; between
 * `release` and `hold` time goes on.
 */
export class HeldClock implements Clock {
  #state: 'going' | 'to-be-held' | 'held' = 'going'
  #held: Millis = 0

  constructor(private readonly clock: Clock) {}

  now(): Millis {
    if (this.#state === 'held') return this.#held
    const now = this.clock.now()
    if (this.#state === 'to-be-held') {
      this.#held = now
      this.#state = 'held'
    }
    return now
  }

  wall(): Millis {
    return this.clock.wall()
  }

  hold(): void {
    this.#state = 'to-be-held'
  }

  release(): void {
    this.#state = 'going'
  }
}

/** One alarm of a driver: setting it replaces the earlier setting; `undefined` turns it off. */
export interface Alarm {
  set(deadline: Millis | undefined): void
}

export interface AlarmClock extends Clock {
  alarm(ring: () => void): Alarm
}
