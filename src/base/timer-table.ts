import type { Millis } from './time.js'

/**
 * Deadlines as data: named entries instead of timers, so that a machine can be asked what it waits for and a test can
 * put the clock where it likes (the shape of quinn's `TimerTable`).
 */
export class TimerTable<Name> {
  readonly #deadlines = new Map<Name, Millis>()

  set(name: Name, deadline: Millis): void {
    this.#deadlines.set(name, deadline)
  }

  stop(name: Name): void {
    this.#deadlines.delete(name)
  }

  get(name: Name): Millis | undefined {
    return this.#deadlines.get(name)
  }

  /** The earliest deadline, or `undefined` to sleep until input. */
  next(): Millis | undefined {
    let earliest: Millis | undefined
    for (const deadline of this.#deadlines.values()) {
      if (earliest === undefined || deadline < earliest) earliest = deadline
    }
    return earliest
  }

  /** Takes out and returns all names whose time has come, earliest first. */
  expire(now: Millis): Name[] {
    const due = [...this.#deadlines].filter(([, deadline]) => deadline <= now).sort((a, b) => a[1] - b[1])
    for (const [name] of due) this.#deadlines.delete(name)
    return due.map(([name]) => name)
  }
}
