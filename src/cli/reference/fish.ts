/** Completion for fish: a line for each thing that can be said, with the place where it can. */
import type { CommandModel, Reference, Value } from './model.js'

export function fishCompletion({ commands, topics }: Reference): string {
  const single = commands.filter(({ name }) => !name.includes(' '))
  const firsts = [...single, ...topics, { name: 'help', summary: 'Say what a command does.' }]
  const seconds = commands.flatMap((command) => {
    const [topic = '', second] = command.name.split(' ')
    return second === undefined ? [] : [{ topic, second, summary: command.summary }]
  })
  const lines = [
    ...firsts.map(({ name, summary }) => complete(`__baton_at ''`, `-f -a ${name}`, summary)),
    ...firsts.map(({ name, summary }) => complete('__baton_at help', `-f -a ${name}`, summary)),
    complete(`__baton_at ''`, '-l help', 'Show what there is.'),
    complete(`__baton_at ''`, '-l version', 'Show the version.'),
    ...seconds.map(({ topic, second, summary }) => complete(`__baton_at ${topic}`, `-f -a ${second}`, summary)),
    ...commands.flatMap(linesOf),
  ]
  return `# fish completion for baton, made by: baton completion fish
# Sourced, or put into ~/.config/fish/completions as baton.fish.

# The command that is typed: its words, without flags, as far as they are there.
function __baton_command
    set -l words (commandline -opc)[2..]
    set -l found
    for word in $words
        string match -q -- '-*' $word; and continue
        set -a found $word
        test (count $found) = 1; and contains -- $word ${topics.map(({ name }) => name).join(' ')}; and continue
        break
    end
    string join ' ' -- $found
end

function __baton_at
    set -l typed (__baton_command)
    test "$typed" = "$argv"
end

# Names that the running node knows; none where none runs, and not for long.
function __baton_names
    set -l words (commandline -opc)
    set -l state
    if set -l at (contains -i -- --state $words); and test (count $words) -gt $at
        set state --state $words[(math $at + 1)]
    end
    timeout 2 baton completion names $argv $state 2>/dev/null
end

${lines.join('\n')}
`
}

function linesOf({ name, flags, arguments: all }: CommandModel): string[] {
  const at = `__baton_at ${name}`
  const own = flags.map(({ name: flag, char, says, value }) => {
    const short = char === undefined ? '' : ` -s ${char}`
    const after = value === undefined ? '' : ` ${taken(value, '-r')}`
    return complete(at, `-l ${flag}${short}${after}`, says)
  })
  const kinds = [...new Set(all.map(({ value }) => taken(value, '')))]
  return [
    complete(at, '-l help', 'Show what it does.'),
    ...own,
    ...kinds.map((kind) => complete(at, kind === '' ? '-f' : kind, '')),
    ...(all.length === 0 ? [complete(at, '-f', '')] : []),
  ]
}

function taken(value: Value, required: string): string {
  const only = required === '' ? '-f' : '-x'
  switch (value.kind) {
    case 'words':
      return `${only} -a ${quoted(value.words.join(' '))}`
    case 'nodes':
    case 'services':
      return `${only} -a ${quoted(`(__baton_names ${value.kind})`)}`
    case 'programs':
      return `${only} -a '(__fish_complete_command)'`
    case 'folders':
      return `${only} -a '(__fish_complete_directories)'`
    case 'files':
      return required === '' ? '-F' : '-r -F'
    case 'other':
      return only
  }
}

function complete(condition: string, what: string, says: string): string {
  const description = says === '' ? '' : ` -d ${quoted(says)}`
  return `complete -c baton -n ${quoted(condition)} ${what}${description}`
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
