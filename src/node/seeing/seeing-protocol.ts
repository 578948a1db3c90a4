/** What a node remembers of its own log. */
import type { LogFields, LogLevel } from '../../base/log.js'
import type { Millis } from '../../base/time.js'

export interface EventView {
  /** Counts from 1 in the life of a process. */
  readonly number: number
  /** Wall clock, milliseconds since 1970. */
  readonly at: Millis
  readonly level: LogLevel
  readonly event: string
  readonly fields: LogFields
  /** For people; missing: it is of no interest to who looks at the whole. */
  readonly text?: string
  readonly service?: string
  /** Who directs a service is another from then on. */
  readonly isHandover?: boolean
}

/** `GET /v1/events`: the oldest first. */
export interface EventsView {
  readonly events: readonly EventView[]
}
