/** What the commands say of themselves, for man pages and for the completion of shells. */
import type { Command } from '@oclif/core'

/** What may stand in a place of the command line; `other`: nothing that a shell could know. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'folders' | 'nodes' | 'services' | 'programs' | 'other' }

export interface FlagModel {
  readonly name: string
  readonly char: string | undefined
  readonly says: string
  /** Without one it is a switch. */
  readonly value: Value | undefined
  /** As help shows the value: FILE. */
  readonly placeholder: string
  readonly otherwise: string | undefined
  readonly isMultiple: boolean
}

export interface ArgumentModel {
  readonly name: string
  readonly says: string
  readonly value: Value
  readonly isRequired: boolean
}

export interface CommandModel {
  /** Its words: service add. */
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly arguments: readonly ArgumentModel[]
  /** The last argument may be there several times. */
  readonly isOpen: boolean
  readonly flags: readonly FlagModel[]
  readonly examples: readonly { readonly says: string; readonly command: string }[]
  /** Where it says itself how it is used. */
  readonly usage: string | undefined
}

export interface TopicModel {
  readonly name: string
  readonly summary: string
}

export interface Reference {
  readonly version: string
  readonly commands: readonly CommandModel[]
  /** First words that are no command by themselves. */
  readonly topics: readonly TopicModel[]
}

/** What of oclif's configuration is read. */
export interface CommandSource {
  readonly version: string
  readonly commands: readonly Command.Cached[]
  readonly topics: readonly { readonly name: string; readonly description?: string | undefined }[]
}

export function referenceOf({ version, commands, topics }: CommandSource): Reference {
  const shown = commands.filter(({ hidden }) => hidden !== true).map(commandModel)
  const names = new Set(shown.map(({ name }) => name))
  return {
    version,
    commands: shown.sort((a, b) => (a.name < b.name ? -1 : 1)),
    topics: topics
      .filter(({ name }) => !name.includes(':') && !names.has(name))
      .map(({ name, description = '' }) => ({ name, summary: description })),
  }
}

function commandModel(command: Command.Cached): CommandModel {
  const { id, summary = '', description = '', strict, usage } = command
  return {
    name: id.replaceAll(':', ' '),
    summary: plain(summary),
    description: plain(description),
    arguments: id === 'run' ? [RUN_COMMAND] : Object.entries(command.args).map(argumentModel),
    isOpen: strict === false || id === 'run',
    flags: Object.values(command.flags)
      .filter(({ hidden }) => hidden !== true)
      .map(flagModel)
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    examples: (command.examples ?? []).map(exampleModel),
    usage: Array.isArray(usage) ? usage[0] : (usage as string | undefined),
  }
}

/** What `run` takes behind `--` is none of oclif's arguments. */
const RUN_COMMAND: ArgumentModel = {
  name: 'command',
  says: 'the program and its arguments, after --',
  value: { kind: 'programs' },
  isRequired: true,
}

function argumentModel([name, arg]: readonly [string, Command.Arg.Cached]): ArgumentModel {
  const says = arg.description ?? ''
  return { name, says: plain(says), value: argumentValue(name, says, arg.options), isRequired: arg.required === true }
}

function flagModel(flag: Command.Flag.Cached): FlagModel {
  const { name, char, summary, description } = flag
  const base = { name, char, says: plain(summary ?? description ?? ''), isMultiple: false, otherwise: undefined }
  if (flag.type !== 'option') return { ...base, value: undefined, placeholder: '' }
  const { options, helpValue, multiple, default: otherwise } = flag
  const shown = (Array.isArray(helpValue) ? helpValue[0] : helpValue) ?? 'VALUE'
  return {
    ...base,
    value: options === undefined ? { kind: KINDS[shown] ?? 'other' } : { kind: 'words', words: options },
    placeholder: options === undefined ? shown : options.join('|'),
    otherwise: otherwise === undefined || otherwise === null ? undefined : String(otherwise),
    isMultiple: multiple === true,
  }
}

type Kind = Exclude<Value['kind'], 'words'>

/** What the words that help shows for a value stand for. */
const KINDS: Readonly<Record<string, Kind>> = {
  FILE: 'files',
  'FILE|-|off': 'files',
  PATH: 'files',
  DIR: 'folders',
  NODE: 'nodes',
  NODES: 'nodes',
  SERVICE: 'services',
  SERVICES: 'services',
}

function argumentValue(name: string, says: string, words?: readonly string[]): Value {
  if (words !== undefined) return { kind: 'words', words }
  if (name === 'file') return { kind: 'files' }
  if (name === 'node') return { kind: 'nodes' }
  return { kind: says.startsWith('name of the service') ? 'services' : 'other' }
}

function exampleModel(example: Command.Example): CommandModel['examples'][number] {
  if (typeof example === 'string') return { says: '', command: plain(example) }
  return { says: plain(example.description), command: plain(example.command) }
}

/** Of oclif's templates Baton uses one. */
function plain(text: string): string {
  return text.replaceAll('<%= config.bin %>', 'baton').trim()
}
