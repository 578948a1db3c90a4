/** The latest events of this process, beside the log: for those who look at it later, or live. */
import type { LogFields, Logger, LogLevel } from '../../base/log.js'
import type { Millis } from '../../base/time.js'

/** Enough for an hour in which much is wrong; some hundred kilobytes. */
export const EVENTS_MAX = 512

export interface TapedEvent {
  readonly number: number
  readonly at: Millis
  readonly level: LogLevel
  readonly event: string
  readonly fields: LogFields
}

export class EventTape implements Logger {
  readonly #events: TapedEvent[] = []
  #count = 0

  constructor(
    private readonly logger: Logger,
    private readonly wall: () => Millis,
  ) {}

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.logger.log(level, event, fields)
    // There may be one for each connection.
    if (level === 'debug') return
    this.#events.push({ number: ++this.#count, at: this.wall(), level, event, fields })
    if (this.#events.length > EVENTS_MAX) this.#events.shift()
  }

  /** The oldest first. */
  since(number: number): readonly TapedEvent[] {
    return this.#events.filter((event) => event.number > number)
  }
}
