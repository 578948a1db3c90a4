import type { LogFields, Logger, LogLevel } from '../../base/log.js'
import { printable, printableJson } from '../../base/printable.js'

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** One event a line on standard error: JSON for machines, words for a terminal. Standard output stays for answers. */
export class StreamLogger implements Logger {
  constructor(
    private readonly format: 'json' | 'pretty',
    private readonly level: LogLevel,
    private readonly out: NodeJS.WritableStream = process.stderr,
  ) {
    // A full disk under the log, or a reader that went away (`baton up 2>&1 | head`), must not end what it reports on.
    out.on('error', () => {})
  }

  log(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (ORDER.indexOf(level) < ORDER.indexOf(this.level)) return
    const at = new Date().toISOString()
    if (this.format === 'json') {
      this.out.write(`${printableJson({ at, level, event, ...fields })}\n`)
      return
    }
    const words = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(
        ([key, value]) => `${key}=${typeof value === 'string' && /[\s"]/.test(value) ? JSON.stringify(value) : value}`,
      )
    this.out.write(`${at.slice(11, 23)} ${level.padEnd(5)} ${event.padEnd(18)} ${printable(words.join(' '))}\n`)
  }
}
