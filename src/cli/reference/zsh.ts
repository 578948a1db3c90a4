/** Completion for zsh, by its own `_arguments`: each command a list of specifications. */
import type { CommandModel, FlagModel, Reference, Value } from './model.js'

export function zshCompletion({ commands, topics }: Reference): string {
  const single = commands.filter(({ name }) => !name.includes(' '))
  const firsts = [...single, ...topics, { name: 'help', summary: 'Say what a command does.' }]
  const groups = topics.map(({ name }) => ({
    name,
    commands: commands.filter((command) => command.name.startsWith(`${name} `)),
  }))
  return `#compdef baton
# zsh completion for baton, made by: baton completion zsh
# Put into a folder of $fpath as _baton, or sourced after compinit.

# Names that the running node knows; none where none runs, and not for long.
_baton_names() {
  local -a names state
  [[ -n \${opt_args[--state]-} ]] && state=(--state "\${opt_args[--state]}")
  names=(\${(f)"$(timeout 2 baton completion names $1 $state 2>/dev/null)"})
  compadd -a names
}

_baton() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C '(- *)--help[show what there is]' '(- *)--version[show the version]' '1: :->command' '*:: :->rest' && return
  local -a firsts=(
${firsts.map(describe(4)).join('')}  )
  case $state in
    command) _describe command firsts ;;
    rest)
      case $words[1] in
        help) _describe command firsts ;;
${single.map((command) => `        ${command.name})\n${argumentsOf(command, 10)}          ;;\n`).join('')}${groups.map(({ name }) => `        ${name}) _baton_${name} ;;\n`).join('')}      esac
      ;;
  esac
}

${groups.map(({ name, commands }) => topicFunction(name, commands)).join('\n')}
if [ "$funcstack[1]" = _baton ]; then
  _baton "$@"
else
  compdef _baton baton
fi
`
}

function topicFunction(topic: string, commands: readonly CommandModel[]): string {
  const own = commands.map((command) => ({ ...command, name: command.name.slice(topic.length + 1) }))
  return `_baton_${topic}() {
  local state line
  _arguments -C '1: :->command' '*:: :->rest' && return
  case $state in
    command)
      local -a seconds=(
${own.map(describe(8)).join('')}      )
      _describe command seconds
      ;;
    rest)
      case $words[1] in
${own.map((command) => `        ${command.name})\n${argumentsOf(command, 10)}          ;;\n`).join('')}      esac
      ;;
  esac
}
`
}

const describe =
  (indent: number) =>
  ({ name, summary }: { readonly name: string; readonly summary: string }) =>
    `${' '.repeat(indent)}${quoted(`${name}:${summary}`)}\n`

function argumentsOf({ flags, arguments: all, isOpen }: CommandModel, indent: number): string {
  const places = all.map(({ name, value }, i) => {
    const place = isOpen && i === all.length - 1 ? '*' : String(i + 1)
    return quoted(`${place}:${colonless(name)}:${action(value)}`)
  })
  const specifications = [...flags.flatMap(flagOf), "'(- *)--help[show what it does]'", ...places]
  return `${' '.repeat(indent)}_arguments ${specifications.join(` \\\n${' '.repeat(indent + 2)}`)}\n`
}

function flagOf({ name, char, says, value, placeholder, isMultiple }: FlagModel): string[] {
  const after = value === undefined ? '' : `:${colonless(placeholder)}:${action(value)}`
  const said = says.replace(/[[\]\\]/g, '\\$&')
  return [`--${name}`, ...(char === undefined ? [] : [`-${char}`])].map((form) => {
    // = after a name: the value may follow a space or =.
    const joined = value !== undefined && form.startsWith('--') ? '=' : ''
    return quoted(`${isMultiple ? '*' : ''}${form}${joined}[${said}]${after}`)
  })
}

function action(value: Value): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'nodes':
    case 'services':
      return `{_baton_names ${value.kind}}`
    case 'programs':
      return '_command_names -e'
    case 'other':
      return ' '
  }
}

function colonless(text: string): string {
  return text.replace(/[:\\]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
