/** The way into the command line: short forms, a friendly start, and help for a mistyped command. */
import './nameless-user.js'
import { Config, Errors, run } from '@oclif/core'
import { BatonError } from '../base/errors.js'
import { printableJson } from '../base/printable.js'
import { describeFailure, exitCodeOf, renderFailure } from './failure.js'
import { nearest } from './nearest.js'
import { renderOverview } from './overview.js'
import { screenOf } from './terminal.js'

/** `root` is a URL or path inside the package: its package.json says where the commands are. */
export async function main(argv: readonly string[], root: string): Promise<void> {
  try {
    const args = expandShortForms(argv)
    if (args.length === 0) await showOverview(root)
    else await run([...args], root)
  } catch (error) {
    await fail(error, argv, root)
  }
  // A handle that some part forgot must not keep a command from ending; what was printed into a pipe must still get out.
  await Promise.all([process.stdout, process.stderr].map(flushed))
  process.exit()
}

function flushed(out: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => out.write('', () => resolve()))
}

function expandShortForms(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv
  if (first === 'help') return [...rest, '--help']
  if (first === '-v' || first === 'version') return ['--version']
  const end = argv.indexOf('--')
  return argv.map((arg, i) => (arg === '-h' && (end === -1 || i < end) ? '--help' : arg))
}

async function showOverview(root: string): Promise<void> {
  const { version } = await Config.load(root)
  process.stdout.write(`${renderOverview(version, screenOf(process.stdout))}\n`)
}

async function fail(error: unknown, argv: readonly string[], root: string): Promise<void> {
  if (error instanceof Errors.ExitError) {
    process.exitCode = error.oclif.exit ?? 0
    return
  }
  const view = describeFailure(await namedCommand(error, root))
  process.exitCode = exitCodeOf(view)
  if (argv.includes('--json')) process.stdout.write(`${printableJson(view, 2)}\n`)
  else process.stderr.write(`${renderFailure(view, screenOf(process.stderr))}\n`)
}

/** oclif's "command service:ad not found", in our words and with what was probably meant. */
async function namedCommand(error: unknown, root: string): Promise<unknown> {
  const id = error instanceof Error ? /^command (\S+) not found/i.exec(error.message)?.[1] : undefined
  if (id === undefined) return error
  const { commandIDs } = await Config.load(root)
  const known = commandIDs.map((each) => each.replaceAll(':', ' '))
  // What follows a command may be its argument: `status extra`, and mistyped as well, `service ad web`.
  const words = id.split(':')
  const beginnings = words.map((_, i) => words.slice(0, words.length - i).join(' '))
  const exact = beginnings.find((beginning) => known.includes(beginning))
  if (exact !== undefined) {
    const message = `unexpected argument:${id.replaceAll(':', ' ').slice(exact.length)}`
    return new BatonError('ERR_USAGE', message, { hint: `baton ${exact} --help`, cause: error })
  }
  const meant = beginnings.map((beginning) => nearest(beginning, known)).find((command) => command !== undefined)
  const hint = meant === undefined ? 'baton --help shows all commands' : `baton ${meant}`
  return new BatonError('ERR_USAGE', `there is no command '${words.join(' ')}'`, { hint, cause: error })
}
