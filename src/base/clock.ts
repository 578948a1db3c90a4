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

/** One alarm of a driver: setting it replaces the earlier setting; `undefined` turns it off. */
export interface Alarm {
  set(deadline: Millis | undefined): void
}

export interface AlarmClock extends Clock {
  alarm(ring: () => void): Alarm
}
