/** What goes wrong, as every command says it: words for people, an `ErrorView` for programs, and an exit code. */
import { blot } from '../base/blot.js'
import { BatonError, messageOf } from '../base/errors.js'
import type { ErrorView } from '../node/control/control-protocol.js'
import { classifyError, type ErrorClass } from '../node/control/error-class.js'
import type { Screen } from './colour.js'
import { FileFault } from './file-fault.js'
import { hintInFlags, messageInFlags } from './flag-words.js'
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
  if (error instanceof FileFault) return { ...describeBaton(error), problems: error.problems }
  if (error instanceof BatonError) return describeBaton(error)
  if (isUsageError(error)) return describeUsage(error, asked)
  return {
    code: 'ERR_INTERNAL',
    message: messageOf(error),
    hint: 'this is a fault of Baton: run the command again with DEBUG=baton for the place, and report it',
  }
}

function describeBaton({ code, message, hint }: BatonError): ErrorView {
  const said = { code, message: messageInFlags(code, message) }
  return hint === undefined ? said : { ...said, hint: hintInFlags(hint) }
}

/** `Error:` and `Try:`, with lines that fit; lines of the message stay lines. */
export function renderFailure({ message, hint }: ErrorView, { width, paint }: Screen): string {
  const lines = [
    ...paragraph('Error: ', message, width, (lead) => paint('bad', lead)),
    ...(hint === undefined ? [] : paragraph('Try:   ', hint, width, (lead) => paint('bold', lead))),
  ]
  return lines.join('\n')
}

function paragraph(lead: string, text: string, width: number, mark: (lead: string) => string): string[] {
  const blank = ' '.repeat(lead.length)
  const [first = '', ...rest] = text.split('\n').flatMap((line) => hang(blank, line, width))
  return [`${mark(lead)}${first.slice(lead.length)}`, ...rest]
}

/** The parser's errors; they have no code, and an exit status. */
function isUsageError(error: unknown): error is Error {
  return error instanceof Error && 'oclif' in error && error.constructor.name !== 'ModuleLoadError'
}

function describeUsage(error: Error, asked: Asked | undefined): ErrorView {
  const help = asked === undefined ? 'baton --help' : `baton ${asked.command} --help`
  return { code: 'ERR_USAGE', message: usageMessage(error), hint: flagHint(error, asked) ?? help }
}

/** The parser's sentences in our words: one line, no advice of its own. */
function usageMessage(error: Error): string {
  if (error.constructor.name === 'RequiredArgsError' && 'args' in error && Array.isArray(error.args)) {
    return `${error.args.map(({ name }) => String(name).toUpperCase()).join(' and ')} is missing`
  }
  const message = error.message
    .replace(/\n?See more help with --help$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/\n\s*/g, '; ')
    .replace(/^Parsing (--\S+)[\s;]+(?=\S)(.)/, (_, flag: string, first: string) => `${flag}: ${first.toLowerCase()}`)
    .replace(/^Nonexistent flags?: /, 'there is no flag ')
    .replace(/Missing required flag (\S+)/g, '--$1 is missing')
    .replace(/(--[a-z-]+)(=\S+)? cannot also be provided when using (--[a-z-]+)/g, '$1 and $3 exclude each other')
  // A token without its flag is an argument too many: it is a secret all the same.
  return blot(message.slice(0, 1).toLowerCase() + message.slice(1))
}

function flagHint(error: Error, asked: Asked | undefined): string | undefined {
  const [typed] = 'flags' in error && Array.isArray(error.flags) ? error.flags : []
  if (typeof typed !== 'string' || asked === undefined) return undefined
  const meant = nearest(typed.replace(/^-+/, ''), asked.flags)
  return meant === undefined ? undefined : `--${meant}  (all flags: baton ${asked.command} --help)`
}
