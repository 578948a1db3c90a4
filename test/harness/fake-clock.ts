import type { Alarm, AlarmClock } from '../../src/base/clock.js'

/** Stands still until it is told. */
export class FakeClock implements AlarmClock {
  time = 0
  readonly #alarms: { deadline: number | undefined; readonly ring: () => void }[] = []

  now(): number {
    return this.time
  }

  wall(): number {
    return 1_700_000_000_000 + this.time
  }

  alarm(ring: () => void): Alarm {
    const alarm: { deadline: number | undefined; readonly ring: () => void } = { deadline: undefined, ring }
    this.#alarms.push(alarm)
    return {
      set: (deadline) => {
        alarm.deadline = deadline
      },
    }
  }

  /** Every alarm in its turn, until the clock shows `time`. */
  advanceTo(time: number): void {
    for (;;) {
      const due = this.#alarms.filter(({ deadline }) => (deadline ?? Number.POSITIVE_INFINITY) <= time)
      const next = due.sort((a, b) => (a.deadline ?? 0) - (b.deadline ?? 0))[0]
      if (next === undefined) break
      this.time = Math.max(this.time, next.deadline ?? 0)
      next.deadline = undefined
      next.ring()
    }
    this.time = time
  }
}
