/** What goes wrong, as every command says it: words for people, an `ErrorView` for programs, and an exit code. */
import { BatonError, messageOf } from '../base/errors.js'
import type { ErrorView } from '../node/control-protocol.js'
import { classifyError, type ErrorClass } from '../node/error-class.js'
import type { Screen } from './colour.js'
import { nearest } from './nearest.js'
import { hang } from './text.js'

/** In docs/cli.md; scripts rely on them. */
export const EXIT_CODES: Readonly<Record<ErrorClass, number>> = {
  failed: 1,
  internal: 1,
  unavailable: 1,
  usage: 2,
  'not-running': 3,
  unknown: 4,
  exists: 5,
  denied: 6,
}

export const EXIT_INTERRUPTED = 130

export function exitCodeOf(view: ErrorView): number {
  return view.code === 'ERR_ABORTED' ? EXIT_INTERRUPTED : EXIT_CODES[classifyError(view.code)]
}

/** The command whose arguments were wrong. */
export interface Asked {
  /** As typed: `service add`. */
  readonly command: string
  readonly flags: readonly string[]
}

export function describeFailure(error: unknown, asked?: Asked): ErrorView {
  if (error instanceof BatonError) {
    const { code, message, hint } = error
    return hint === undefined ? { code, message } : { code, message, hint }
  }
  if (isUsageError(error)) return describeUsage(error, asked)
  return {
    code: 'ERR_INTERNAL',
    message: messageOf(error),
    hint: 'this is a fault of Baton: run the command again with DEBUG=baton for the place, and report it',
  }
}

/** `Error:` and `Try:`, with lines that fit. */
export function renderFailure(view: ErrorView, { width, paint }: Screen): string {
  const lines = [
    ...mark(hang('Error: ', view.message, width), (lead) => paint('bad', lead)),
    ...(view.hint === undefined ? [] : mark(hang('Try:   ', view.hint, width), (lead) => paint('bold', lead))),
  ]
  return lines.join('\n')
}

function mark(lines: readonly string[], paint: (lead: string) => string): string[] {
  return lines.map((line, i) => (i === 0 ? line.replace(/^\S+/, paint) : line))
}

/** The parser's errors; they have no code, and an exit status. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'oclif' in error && error.constructor.name !== 'ModuleLoadError'
}

function describeUsage(error: Error, asked: Asked | undefined): ErrorView {
  const message = error.message
    .replace(/\n?See more help with --help$/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Nonexistent flag/, 'there is no flag')
    .replace(/^there is no flags: /, 'there are no flags ')
    .replace(/^there is no flag: /, 'there is no flag ')
    .split(/\n\s*/)
    .join('; ')
  const helpHint = asked === undefined ? 'baton --help' : `baton ${asked.command} --help`
  return { code: 'ERR_USAGE', message: lowerFirst(message), hint: flagHint(error, asked) ?? helpHint }
}

function flagHint(error: Error, asked: Asked | undefined): string | undefined {
  const [typed] = 'flags' in error && Array.isArray(error.flags) ? error.flags : []
  if (typeof typed !== 'string' || asked === undefined) return undefined
  const meant = nearest(typed.replace(/^-+/, ''), asked.flags)
  return meant === undefined ? undefined : `--${meant}  (all flags: baton ${asked.command} --help)`
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}
