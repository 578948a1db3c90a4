/** Man pages: one of the program, and one of each command, made from what the commands say of themselves. */
import { commandSection, ENVIRONMENT, EXIT_CODES, FILES, FIRST_STEPS } from './man-words.js'
import type { ArgumentModel, CommandModel, FlagModel, Reference } from './model.js'
import { bold, heading, italic, item, page, pageName, paragraph, roff, typed } from './roff.js'

export interface ManPage {
  /** baton-up.1 */
  readonly file: string
  readonly text: string
}

/** `date`: of the release, as 2026-01-31. */
export function manPages(reference: Reference, date: string): ManPage[] {
  const { commands } = reference
  return [
    { file: 'baton.1', text: mainPage(reference, date) },
    ...commands.map((command) => ({
      file: `${pageName(command.name)}.1`,
      text: commandPage(command, reference, date),
    })),
  ]
}

/** A heading begins a paragraph by itself. */
const HEADED_PARAGRAPH = /^(\.SH .*\n)\.PP\n/gm
/** A term that is longer than a line cannot be broken. */
const TERM_CHARS_MAX = 40

function mainPage(reference: Reference, date: string): string {
  const { commands } = reference
  return pageOf('', reference, date, [
    heading('name'),
    'baton \\- one address for a group of hosts, and connections that outlive the host that holds it',
    heading('synopsis'),
    `${bold('baton')} ${italic('command')} [${italic('argument')} ...] [${italic('flag')} ...]`,
    heading('description'),
    paragraph(
      'Baton runs on every host of a group. The hosts elect a director for each service address; it ends the TCP connections of clients, chooses a host whose program listens, and splices the connection to that program. Commands speak to the node of this host, by a socket in its state folder.',
    ),
    heading('commands'),
    ...commands.map(({ name, summary }) => item(page(name), summary)),
    heading('environment'),
    ...ENVIRONMENT.map(([name, says]) => item(bold(name), says)),
    heading('files'),
    ...FILES.map(([name, says]) => item(italic(name), says)),
    heading('exit status'),
    ...EXIT_CODES.map(([code, says]) => item(bold(code), says)),
    heading('examples'),
    ...FIRST_STEPS.flatMap(({ says, commands: lines }) => ['.PP', paragraph(says), typed(lines)]),
    heading('see also'),
    commands.map(({ name }) => page(name)).join(',\n'),
  ])
}

function commandPage(command: CommandModel, reference: Reference, date: string): string {
  const { name, summary, description, arguments: args, flags, examples } = command
  return pageOf(name, reference, date, [
    heading('name'),
    `${roff(pageName(name))} \\- ${roff(firstSentence(summary))}`,
    heading('synopsis'),
    synopsis(command),
    heading('description'),
    paragraph(summary),
    ...(description === '' ? [] : ['.PP', paragraph(description)]),
    ...section('arguments', args.map(argumentItem)),
    ...section('options', flags.map(flagItem)),
    ...section(
      'examples',
      examples.flatMap(({ says, command: line }) => [...(says === '' ? [] : ['.PP', paragraph(says)]), typed([line])]),
    ),
    heading('exit status'),
    `As of ${page('')}, which has environment and files as well.`,
    heading('see also'),
    [page(''), ...related(name, reference.commands).map(page)].join(',\n'),
  ])
}

function pageOf(command: string, { version }: Reference, date: string, body: readonly string[]): string {
  const title = roff(pageName(command).toUpperCase())
  const source = `.\\" Made from the commands of Baton ${version}.`
  const head = `.TH ${title} ${commandSection} "${date}" "Baton ${version}" "Baton"`
  // No hyphens in names, and nothing pulled to the right margin.
  return `${[source, head, '.nh', '.ad l', ...body].join('\n').replaceAll(HEADED_PARAGRAPH, '$1')}\n`
}

function synopsis({ name, arguments: args, flags, usage, isOpen }: CommandModel): string {
  if (usage !== undefined) return `${bold('baton')} ${roff(usage)}`
  const shown = args.map(({ name: arg, isRequired }, i) => {
    const more = isOpen && i === args.length - 1 ? ' ...' : ''
    return isRequired ? `${italic(arg)}${more}` : `[${italic(arg)}${more}]`
  })
  return [bold(`baton ${name}`), ...shown, ...(flags.length === 0 ? [] : [`[${italic('flag')} ...]`])].join(' ')
}

function argumentItem({ name, says, value }: ArgumentModel): string {
  const words = value.kind === 'words' ? `${says}: ${value.words.join(', ')}` : says
  return item(italic(name), sentence(words))
}

function flagItem({ name, char, says, value, placeholder, otherwise, isMultiple }: FlagModel): string {
  const form = char === undefined ? bold(`--${name}`) : `${bold(`-${char}`)}, ${bold(`--${name}`)}`
  const isLong = placeholder.length > TERM_CHARS_MAX && value?.kind === 'words'
  const notes = [
    isLong && `one of ${value.words.join(', ')}`,
    isMultiple && 'may be given several times',
    otherwise !== undefined && `default: ${otherwise}`,
  ]
  const more = notes.filter((note) => note !== false && !says.includes(note))
  return item(
    value === undefined ? form : `${form} ${italic(isLong ? 'WORD' : placeholder)}`,
    [sentence(says), ...more.map((note) => sentence(String(note)))].join(' '),
  )
}

function section(name: string, body: readonly string[]): string[] {
  return body.length === 0 ? [] : [heading(name), ...body]
}

/** Of the same topic; of the others a reader learns in baton(1). */
function related(name: string, commands: readonly CommandModel[]): string[] {
  const [topic, second] = name.split(' ')
  if (second === undefined) return []
  return commands.map((one) => one.name).filter((one) => one !== name && one.startsWith(`${topic} `))
}

/** whatis(1) shows a line. */
function firstSentence(text: string): string {
  return text.replace(/\.$/, '').replace(/^./, (first) => first.toLowerCase())
}

function sentence(text: string): string {
  const begun = text.replace(/^[a-z]/, (first) => first.toUpperCase())
  return /[.?!]$/.test(begun) ? begun : `${begun}.`
}
