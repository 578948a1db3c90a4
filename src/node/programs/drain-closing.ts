/** Closes connections to this node's drained programs, when their time is up: all at once, or one after the other until then. */
import type { Alarm, AlarmClock } from '../../base/clock.js'
import type { NodeId } from '../../base/ids.js'
import type { Millis } from '../../base/time.js'
import type { ToLane } from '../../proxy/lane-protocol.js'
import type { Service } from '../../proxy/service.js'
import { type ProgramDrain, type ProgramDrains, shareLeft } from './program-drains.js'

/** A few of a thousand connections each time: they come again elsewhere, and are not to come all at once. */
const LOOK_EVERY_MS: Millis = 250

export interface DrainClosingParts {
  readonly self: NodeId
  readonly clock: AlarmClock
  readonly drains: Pick<ProgramDrains, 'whole' | 'one'>
  readonly services: () => readonly Service[]
  readonly toLane: (message: ToLane) => void
}

export class DrainClosing {
  readonly #alarm: Alarm

  constructor(private readonly parts: DrainClosingParts) {
    this.#alarm = parts.clock.alarm(() => this.look())
  }

  stop(): void {
    this.#alarm.set(undefined)
  }

  /** Orders may be others now, or time has passed. */
  look(): void {
    const { drains, self, clock, services, toLane } = this.parts
    const wall = clock.wall()
    const whole = drains.whole(self)
    const close = (drain: ProgramDrain, service?: string) => {
      const share = shareLeft(drain, wall)
      if (share < 1) toLane({ type: 'close-backends', share, ...(service === undefined ? {} : { service }) })
    }
    if (whole !== undefined) close(whole)
    let isTimed = whole?.deadlineMs !== undefined
    for (const { name } of services()) {
      const one = drains.one(name, self)
      if (one === undefined) continue
      close(one, name)
      isTimed ||= one.deadlineMs !== undefined
    }
    this.#alarm.set(isTimed ? clock.now() + LOOK_EVERY_MS : undefined)
  }
}
