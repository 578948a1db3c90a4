import { assert } from './assert.js'
import type { Alarm, AlarmClock } from './clock.js'
import type { Machine } from './machine.js'

/**
 * Runs one machine against the world. Single-mutation invariant: mutate once, drain every effect, set the one timer;
 * no other order is legal, and this class makes any other impossible. `perform` must queue: it may not feed the machine
 * that it serves (asserted).
 */
export class Driver<Event, Effect> {
  readonly #alarm: Alarm
  #busy = false
  #stopped = false

  constructor(
    private readonly machine: Machine<Event, Effect>,
    private readonly clock: AlarmClock,
    private readonly perform: (effect: Effect) => void,
  ) {
    this.#alarm = clock.alarm(() => this.#turn(() => this.machine.tick(this.clock.now())))
  }

  feed(event: Event): void {
    this.#turn(() => this.machine.handle(event, this.clock.now()))
  }

  stop(): void {
    this.#stopped = true
    this.#alarm.set(undefined)
  }

  #turn(mutate: () => void): void {
    if (this.#stopped) return
    assert(!this.#busy, 'an effect must not feed the machine that it came from')
    this.#busy = true
    try {
      mutate()
      this.#drain()
    } finally {
      this.#busy = false
    }
    // An effect may have stopped us.
    if (!this.#stopped) this.#alarm.set(this.machine.nextDeadline())
  }

  /** Effects rely on those before them (a vote is kept, then sent): after one that failed none is performed, ever. */
  #drain(): void {
    try {
      for (let effect = this.machine.poll(); effect !== undefined; effect = this.machine.poll()) this.perform(effect)
    } catch (error) {
      this.stop()
      throw error
    }
  }
}
