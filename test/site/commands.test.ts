/** Every `baton` command that README and docs show is one, with the flags that they show. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { ROOT, readSources } from '../../site/sources.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('site/commands', 20_000)
const FOLDER = path.join(ROOT, 'src', 'commands')
/** Decisions and the list of changes tell what was; it need not be there any more. */
const OF_THEN = /^(docs\/decisions\/|CHANGELOG)/

interface Command {
  readonly flags: ReadonlySet<string>
}

async function commands(): Promise<ReadonlyMap<string, Command>> {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const found = await Promise.all(
    files.map(async (file) => {
      const { default: command } = await import(path.join(FOLDER, file))
      const flags = { ...command.baseFlags, ...command.flags }
      return [file.replace(/\.ts$/, '').split(path.sep).join(' '), { flags: new Set(Object.keys(flags)) }] as const
    }),
  )
  return new Map(found)
}

/** What is typed: lines of code blocks, continued ones as one, and words in code that begin with `baton`. */
function typedOn(page: string): readonly string[] {
  const blocks = [...page.matchAll(/^```(?:sh)?[^\n]*\n([\s\S]*?)^```$|^((?: {4}.*\n)+)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  const lines = blocks.flatMap((block) => block.replace(/\\\n/g, ' ').split('\n'))
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '')
  const inline = [...prose.matchAll(/`(baton [^`\n]+)`/g)].map(([, words]) => words ?? '')
  return [...lines, ...inline].flatMap((line) =>
    [...line.matchAll(/(?:^|[|;$] ?|&& )\s*(baton [a-z][^|;#&>]*)/g)].map(([, words = '']) => words.trim()),
  )
}

function problemsOf(typed: string, known: ReadonlyMap<string, Command>): string[] {
  const [, first = '', second = ''] = typed.split(/\s+/)
  if (first === 'help') return []
  const name = known.has(`${first} ${second}`) ? `${first} ${second}` : first
  const command = known.get(name)
  // A topic alone, or a placeholder for several: `baton service add`, `set`.
  if (command === undefined)
    return existsSync(path.join(FOLDER, first)) && !/^[a-z]/.test(second) ? [] : [`${typed}: no such command`]
  const own = typed.split(/ -- /)[0] ?? ''
  return [...own.matchAll(/ --([a-z][a-z-]*)/g)]
    .map(([, flag = '']) => flag)
    .filter((flag) => flag !== 'help' && !command.flags.has(flag))
    .map((flag) => `${typed}: ${name} has no --${flag}`)
}

test('every command of the documents is one, and what is none is seen', async () => {
  const known = await commands()
  let count = 0
  const problems = [...readSources().pages]
    .filter(([file]) => !OF_THEN.test(file))
    .flatMap(([file, text]) => {
      const typed = typedOn(text)
      count += typed.length
      return typed.flatMap((line) => problemsOf(line, known)).map((problem) => `${file}: ${problem}`)
    })
  assert.equal(problems, [])
  assert.ok(count > 200, `${count} commands were looked at`)
  const bad = typedOn(
    '```sh\nsudo x; baton sevice add\nbaton up --nonsense 3 \\\n  --page 1\n```\n`baton move web --from b`',
  )
  assert.equal(
    bad.flatMap((line) => problemsOf(line, known)),
    [
      'baton sevice add: no such command',
      'baton up --nonsense 3    --page 1: up has no --nonsense',
      'baton move web --from b: move has no --from',
    ],
  )
})

test.run()
