import os from 'node:os'
import type { Alarm, AlarmClock } from './clock.js'
import type { Millis } from './time.js'

/** `setTimeout` cannot wait longer; a later deadline is simply looked at again then. */
const SLEEP_MS_MAX = 2 ** 31 - 1

/**
 * Time of the host. `readBoottime` gives CLOCK_BOOTTIME in milliseconds where a system call can be made; without it the
 * monotonic clock is corrected by the (10 ms coarse) uptime whenever the two drift apart, that is, after a suspend.
 */
export function realClock(readBoottime?: () => Millis): AlarmClock {
  const now = readBoottime ?? correctedMonotonic()
  return {
    now,
    wall: () => Date.now(),
    alarm: (ring) => new RealAlarm(now, ring),
  }
}

function correctedMonotonic(): () => Millis {
  const monotonic = () => Number(process.hrtime.bigint() / 1000n) / 1000
  let offset = os.uptime() * 1000 - monotonic()
  let last = 0
  return () => {
    const drift = os.uptime() * 1000 - (monotonic() + offset)
    if (drift > 100) offset += drift
    last = Math.max(last, monotonic() + offset)
    return last
  }
}

class RealAlarm implements Alarm {
  #timer: NodeJS.Timeout | undefined
  #deadline: Millis | undefined

  constructor(
    private readonly now: () => Millis,
    private readonly ring: () => void,
  ) {}

  set(deadline: Millis | undefined): void {
    if (deadline === this.#deadline) return
    clearTimeout(this.#timer)
    this.#deadline = deadline
    if (deadline === undefined) return
    const wait = Math.min(SLEEP_MS_MAX, Math.max(0, Math.ceil(deadline - this.now())))
    this.#timer = setTimeout(() => {
      this.#deadline = undefined
      if (this.now() < deadline) this.set(deadline)
      else this.ring()
    }, wait)
  }
}
