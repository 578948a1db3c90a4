/** What the shells themselves offer after `baton completion`: bash, zsh and fish are asked, not our tables. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { assert, type Scope, suite } from '../harness/suite.js'
import { baton } from './baton.js'
import { startFakeNode, tempFolder } from './fake-node.js'

const test = suite('cli/completion', 30_000)

/** What is typed, and what is offered for its last word; where it ends with a space, for the next. */
const CASES: readonly [typed: string, offered: readonly string[]][] = [
  ['baton s', ['service', 'splices', 'status', 'stop']],
  ['baton service ', ['add', 'export', 'import', 'list', 'node', 'rm', 'set', 'show']],
  ['baton help dr', ['drain', 'drill']],
  ['baton up --eng', ['--engine']],
  ['baton up --engine ', ['auto', 'epoll', 'net']],
  ['baton up --json --profile w', ['wan']],
  ['baton keys list --j', ['--json']],
  ['baton why ', ['shop', 'web']],
  ['baton move web --to ', ['alpha', 'beta']],
  ['baton service node web a', ['alpha']],
  ['baton forget alpha b', ['beta']],
  ['baton drain --state /elsewhere ', ['elsewhere']],
  ['baton service import serv', ['services.yaml']],
  ['baton init --state stat', ['state/']],
  ['baton run --as web -- baton-', ['baton-program']],
  ['baton init --nam', ['--name']],
  ['baton init --name ', []],
]

/** A folder with things to offer, and a `baton` that knows names as a running node does. */
function stage(scope: Scope, script: string): { folder: string; env: Record<string, string>; file: string } {
  const folder = tempFolder(scope)
  const bin = path.join(folder, 'bin')
  for (const name of ['bin', 'state']) mkdirSync(path.join(folder, name))
  writeFileSync(path.join(folder, 'services.yaml'), '')
  const file = path.join(folder, 'script')
  writeFileSync(file, script)
  const answers = `#!/bin/sh
case "$*" in
  *'nodes --state /elsewhere') echo elsewhere ;;
  'completion names nodes') echo alpha; echo beta ;;
  'completion names services') echo shop; echo web ;;
esac
`
  for (const [name, text] of [
    ['baton', answers],
    ['baton-program', '#!/bin/sh\n'],
  ] as const) {
    writeFileSync(path.join(bin, name), text)
    chmodSync(path.join(bin, name), 0o755)
  }
  return { folder, file, env: { PATH: `${bin}:${process.env['PATH']}`, HOME: folder, TERM: 'dumb' } }
}

async function scriptOf(shell: string): Promise<string> {
  const { exit, stdout, stderr } = await baton(['completion', shell])
  assert.is(exit, 0, stderr)
  return stdout
}

test(
  'bash',
  async (scope) => {
    const { folder, file, env } = stage(scope, await scriptOf('bash'))
    const ask = `source "$1"; shift
      for typed in "$@"; do
        read -ra COMP_WORDS <<< "$typed"; [[ $typed = *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _baton; printf '%s\n' "\${COMPREPLY[@]}" end
      done`
    const cases = [...CASES, ['baton up --engine = e', ['epoll']] as const]
    const all = execFileSync('bash', ['--norc', '-c', ask, 'ask', file, ...cases.map(([typed]) => typed)], {
      cwd: folder,
      env,
      encoding: 'utf8',
    }).split('end\n')
    for (const [i, [typed, offered]] of cases.entries()) {
      // Folders get their slash from readline.
      const found = (all[i] ?? '').split('\n').filter(Boolean)
      const shown = found.map((word) => (word === 'state' ? 'state/' : word))
      assert.equal(shown.sort(), [...offered], typed)
    }
    const bound = execFileSync('bash', ['--norc', '-c', 'source "$1"; complete -p baton', 'ask', file], {
      encoding: 'utf8',
    })
    assert.match(bound, '-F _baton baton')
  },
  { needs: ['bash'] },
)

test(
  'fish',
  async (scope) => {
    const { folder, file, env } = stage(scope, await scriptOf('fish'))
    const cases = [...CASES, ['baton up --engine=e', ['--engine=epoll']] as const]
    const ask = `source ${file}; for typed in $argv; complete -C $typed; echo end; end`
    const all = execFileSync('fish', ['--no-config', '-c', ask, ...cases.map(([typed]) => typed)], {
      cwd: folder,
      env,
      encoding: 'utf8',
    }).split('end\n')
    for (const [i, [typed, offered]] of cases.entries()) {
      const found = (all[i] ?? '').split('\n').flatMap((line) => line.split('\t')[0] || [])
      assert.equal(found.sort(), [...offered], typed)
    }
  },
  { needs: ['fish'] },
)

test(
  'zsh',
  async (scope) => {
    const { folder, file, env } = stage(scope, await scriptOf('zsh'))
    const found = await zshOffers(folder, file, env)
    for (const [i, [typed, offered]] of CASES.entries()) assert.equal(found[i], [...offered], typed)
  },
  { needs: ['zsh'] },
)

/** A zsh on a terminal of its own, in which compadd tells what it is given and keeps it to itself. */
async function zshOffers(folder: string, file: string, env: Record<string, string>): Promise<string[][]> {
  const inner = `
    autoload -Uz compinit; compinit -D -u; source ${file}
    # In the middle of a completion nothing of what is offered is seen otherwise.
    compadd() {
      if [[ \${@[1,(i)(-|--)]} = *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
      local -a __hits; local __suffix=\${@[(I)-S]}
      builtin compadd -A __hits "$@"
      # Of _files: which are folders.
      local __hit; for __hit in $__hits; do [[ -d $__hit && $PREFIX != -* ]] && __hit+=/; print -r -- "hit $__hit" >> hits; done
      builtin compadd "$@"
    }
    zstyle ':completion:*' menu no; unsetopt automenu; setopt nobeep autolist
    done-word() { print -r -- "end" >> hits; BUFFER=; }
    zle -N done-word; bindkey '^X' done-word; bindkey '^I' complete-word
    print ready >> hits`
  writeFileSync(path.join(folder, '.zshrc'), inner)
  const outer = `
    zmodload zsh/zpty; cd ${folder}; : > hits
    zpty shell 'ZDOTDIR=${folder} zsh -i'
    wait_for() { local n=0; while (( $(grep -c "$1" hits) < $2 )); do zpty -r -t shell junk; sleep 0.02; (( n++ > 500 )) && exit 1; done }
    wait_for ready 1
    i=0
    for typed in "$@"; do
      zpty -w -n shell "$typed"$'\\t\\x18'
      wait_for end $((++i))
    done
    cat hits`
  const typed = CASES.map(([text]) => text)
  const child = spawn('zsh', ['-f', '-c', outer, 'ask', ...typed], { env: { ...env, COLUMNS: '80' } })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more
  })
  await new Promise((resolve) => child.once('close', resolve))
  const [, after = ''] = text.split('ready\n')
  return after
    .split('end\n')
    .slice(0, -1)
    .map((part) => [...new Set([...part.matchAll(/^hit (.*)$/gm)].map(([, word]) => word ?? ''))].sort())
}

test('names are those of the running node, and without one there are none and no word', async (scope) => {
  const state = path.join(tempFolder(scope), 'state')
  assert.equal(await baton(['completion', 'names', 'nodes', '--state', state]), { exit: 0, stdout: '', stderr: '' })
  const node = await startFakeNode(scope)
  const { stdout } = await baton(['completion', 'names', 'nodes', '--state', node.folder])
  assert.match(stdout, /^\w+\n/)
})

test.run()
