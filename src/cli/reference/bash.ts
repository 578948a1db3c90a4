/** Completion for bash, by a table of what each place of the command line takes; no other package is needed. */
import type { CommandModel, Reference, Value } from './model.js'

export function bashCompletion({ commands, topics }: Reference): string {
  const firsts = [...new Set([...commands.map(({ name }) => name.split(' ')[0]), ...topics.map(({ name }) => name)])]
  const cases = (lines: readonly string[]) => lines.map((line) => `    ${line}\n`).join('')
  const topicLines = topics.map(({ name }) => {
    const seconds = commands.filter((one) => one.name.startsWith(`${name} `)).map((one) => one.name.split(' ')[1])
    return `'${name}') echo '${seconds.join(' ')}' ;;`
  })
  return `# bash completion for baton, made by: baton completion bash
# Sourced, or put into a folder where bash-completion looks, under the name baton.

_baton_second() {
  case "$1" in
${cases(topicLines)}  esac
}

_baton_flags() {
  case "$1" in
${cases(commands.map((command) => `'${command.name}') echo '${flagWords(command)}' ;;`))}  esac
}

# What the value of a flag is; nothing is said of switches.
_baton_value() {
  case "$1 $2" in
${cases(commands.flatMap(valueLines))}  esac
}

_baton_argument() {
  case "$1 $2" in
${cases(commands.flatMap(argumentLines))}  esac
}

# Names that the running node knows; none where none runs, and not for long.
_baton_names() {
  if [ -n "$2" ]; then set -- "$1" --state "$2"; else set -- "$1"; fi
  timeout 2 baton completion names "$@" 2>/dev/null
}

_baton_fill() {
  local kind=$1 current=$2 state=$3
  case "$kind" in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    programs) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
    nodes | services) mapfile -t COMPREPLY < <(compgen -W "$(_baton_names "$kind" "$state")" -- "$current") ;;
    'words '*) mapfile -t COMPREPLY < <(compgen -W "\${kind#words }" -- "$current") ;;
  esac
}

_baton() {
  local -a words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  local current=\${COMP_WORDS[COMP_CWORD]} command='' flag='' state='' word kind seconds
  local -i count=0 last=$((COMP_CWORD - 1)) i ended=0
  COMPREPLY=()
  for ((i = 0; i < last; i++)); do
    word=\${words[i]}
    if [ -n "$flag" ]; then
      # bash takes --flag=value apart.
      [ "$word" = '=' ] && continue
      [ "$flag" = --state ] && state=$word
      flag=''
    elif [ "$word" = -- ]; then
      ended=1
    elif [[ $ended = 0 && $word = -* ]]; then
      [ -n "$(_baton_value "$command" "$word")" ] && flag=$word
    elif [ -z "$command" ]; then
      command=$word
      [ "$word" = help ] && command=''
    elif [ "$count" = 0 ] && [[ " $(_baton_second "$command") " = *" $word "* ]]; then
      command="$command $word"
    else
      count+=1
    fi
  done
  if [ "$current" = '=' ]; then current=''; fi
  if [ -n "$flag" ]; then
    _baton_fill "$(_baton_value "$command" "$flag")" "$current" "$state"
  elif [[ $ended = 0 && $current = -* ]]; then
    if [ -z "$command" ]; then kind='--help --version'; else kind="$(_baton_flags "$command") --help"; fi
    _baton_fill "words $kind" "$current"
  elif [ -z "$command" ]; then
    _baton_fill 'words ${firsts.join(' ')} help' "$current"
  else
    seconds=$(_baton_second "$command")
    if [ -n "$seconds" ]; then _baton_fill "words $seconds" "$current"
    else _baton_fill "$(_baton_argument "$command" "$count")" "$current" "$state"; fi
  fi
}

complete -F _baton baton
`
}

function flagWords({ flags }: CommandModel): string {
  return flags.flatMap(({ name, char }) => [`--${name}`, ...(char === undefined ? [] : [`-${char}`])]).join(' ')
}

function valueLines({ name, flags }: CommandModel): string[] {
  return flags.flatMap(({ name: flag, char, value }) => {
    if (value === undefined) return []
    const forms = [`'${name} --${flag}'`, ...(char === undefined ? [] : [`'${name} -${char}'`])]
    return `${forms.join(' | ')}) echo '${kindWord(value)}' ;;`
  })
}

function argumentLines({ name, arguments: all, isOpen }: CommandModel): string[] {
  return all.map(({ value }, i) => {
    const place = isOpen && i === all.length - 1 ? `'${name} '*` : `'${name} ${i}'`
    return `${place}) echo '${kindWord(value)}' ;;`
  })
}

/** Words of commands, flags and values need no quoting: test/cli/completion looks. */
function kindWord(value: Value): string {
  return value.kind === 'words' ? `words ${value.words.join(' ')}` : value.kind
}
