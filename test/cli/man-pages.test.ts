/** Man pages that readers of man(7) have nothing to say about, and that say what the commands say. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Config } from '@oclif/core'
import { manPages } from '../../src/cli/reference/man-pages.js'
import { EXIT_CODES } from '../../src/cli/reference/man-words.js'
import { type Reference, referenceOf } from '../../src/cli/reference/model.js'
import { roff } from '../../src/cli/reference/roff.js'
import { assert, type Scope, suite } from '../harness/suite.js'
import { refuseStaleBuild } from './baton.js'

const test = suite('cli/man-pages', 30_000)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
refuseStaleBuild()
const reference = referenceOf(await Config.load(ROOT))
const pages = manPages(reference, '2026-01-31')

function written(scope: Scope, all = pages): string[] {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-man-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  for (const { file, text } of all) writeFileSync(path.join(folder, file), text)
  return readdirSync(folder).map((file) => path.join(folder, file))
}

/** What the three readers complain of. */
const READERS: readonly (readonly [program: string, args: readonly string[]])[] = [
  ['groff', ['-ww', '-man', '-Tutf8', '-z']],
  ['mandoc', ['-Tlint', '-Wwarning']],
  ['man', ['--warnings', '-E', 'UTF-8', '-Tutf8', '-l']],
]
for (const [program, args] of READERS) {
  test(
    `${program} has nothing to say`,
    (scope) => {
      const read = (files: string[]) => {
        const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', MANWIDTH: '80', MANPAGER: 'cat' }
        const { stdout, stderr } = spawnSync(program, [...args, ...files], { env, encoding: 'utf8' })
        return program === 'mandoc' ? stdout : stderr
      }
      assert.is(read(written(scope)), '')
      const broken = { file: 'broken.1', text: '.TH BROKEN 1 "2026-01-31"\n.SH NAME\nx \\- y\n.NOSUCH macro\n.FI\n' }
      assert.is.not(read(written(scope, [broken])), '', 'it sees a page that is wrong')
    },
    { needs: [program] },
  )
}

test('each command has a page with all its flags and arguments; baton(1) names each', () => {
  assert.ok(reference.commands.length >= 40)
  const main = pages.find(({ file }) => file === 'baton.1')?.text ?? ''
  for (const { name, summary, flags, arguments: args } of reference.commands) {
    const file = `baton-${name.replaceAll(' ', '-')}.1`
    const text = pages.find((page) => page.file === file)?.text ?? ''
    assert.ok(text.includes(roff(summary)), file)
    for (const flag of flags) assert.ok(text.includes(`\\fB${roff(`--${flag.name}`)}\\fR`), `${file} ${flag.name}`)
    for (const arg of args) assert.ok(text.includes(`\\fI${roff(arg.name)}\\fR`), `${file} ${arg.name}`)
    assert.ok(main.includes(roff(summary)), name)
  }
})

test('package.json names each page, for npm to install: an older npm takes no folder', () => {
  const { man } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { man: string[] }
  assert.equal([...man].sort(), pages.map(({ file }) => `man/${file}`).sort())
})

test('exit codes are those of docs/cli.md', () => {
  const [, table = ''] = readFileSync(path.join(ROOT, 'docs/cli.md'), 'utf8').split('## Exit codes')
  const rows = [...table.matchAll(/^\| ([\dN, +]+?) \|/gm)].map(([, code]) => code)
  assert.equal(
    EXIT_CODES.map(([code]) => code),
    rows,
  )
})

test('words of commands, flags and values need no quoting in a shell', () => {
  const wordsOf = ({ commands, topics }: Reference) => [
    ...topics.map(({ name }) => name),
    ...commands.flatMap(({ name, flags, arguments: args }) => [
      ...name.split(' '),
      ...flags.flatMap((flag) => [flag.name, ...(flag.value?.kind === 'words' ? flag.value.words : [])]),
      ...args.flatMap(({ value }) => (value.kind === 'words' ? value.words : [])),
    ]),
  ]
  assert.equal(
    wordsOf(reference).filter((word) => !/^[\w.-]+$/.test(word)),
    [],
  )
})

test(
  'a reader finds a page by its name and by what it does',
  (scope) => {
    const [file = ''] = written(
      scope,
      pages.filter((page) => page.file === 'baton-service-add.1'),
    )
    const text = execFileSync('man', ['-l', file], {
      env: { ...process.env, MANWIDTH: '80' },
      encoding: 'utf8',
    })
    assert.match(text, /baton-service-add - add a service: an address and ports/)
    assert.match(text, /--proxy-protocol v2\|v1\|off\n/)
    assert.match(text, /EXAMPLES[\s\S]*baton service add web --address/)
  },
  { needs: ['man'] },
)

test.run()
