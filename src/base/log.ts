/** Structured log: an event name that never changes, and fields. Levels as in syslog's middle. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  /** These are the line's own: the time, and what `log` was called with. */
  readonly [own in 'at' | 'level' | 'event']?: never
}

export interface Logger {
  log(level: LogLevel, event: string, fields?: LogFields): void
}

export const silentLogger: Logger = { log: () => {} }
