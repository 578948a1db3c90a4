import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert, suite } from './harness/suite.js'
import * as rules from './harness/tidy-rules.js'

const test = suite('tidy', 10_000)
const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What git knows or would add: what lies about on a machine is nobody's business. */
function tree(): rules.Tree {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' }).split(
    '\n',
  )
  const texts = files
    .filter((file) => /\.(ts|md|json)$/.test(file))
    .flatMap((file) => {
      try {
        return [[file, readFileSync(path.join(ROOT, file), 'utf8')] as const]
      } catch {
        return [] // deleted, not committed yet
      }
    })
  return new Map(texts)
}

const house = tree()

/** Each rule with an example that breaks it: a rule that nobody has seen broken is not yet a rule. */
const RULES: readonly [title: string, rule: (tree: rules.Tree) => string[], broken: Record<string, string>][] = [
  ['no file is longer than 400 lines', rules.longFiles, { 'src/base/long.ts': 'x\n'.repeat(401) }],
  ['folders import downwards only', rules.upwardImports, { 'src/base/a.ts': "import { x } from '../proxy/b.js'\n" }],
  [
    'of node only its face is used',
    rules.upwardImports,
    { 'src/cli/a.ts': "import {\n  x,\n} from '../node/node.io.js'\n" },
  ],
  [
    'imports make no circle',
    rules.importCircles,
    { 'src/base/a.ts': "import './b.js'\n", 'src/base/b.ts': "import { a } from './a.js'\n" },
  ],
  ['pure files draw no randomness', rules.impureFiles, { 'src/base/a.ts': 'const x = Math.random()\n' }],
  ['a TODO names its issue', rules.namelessTodos, { 'src/base/a.ts': '// TODO: later\n' }],
  ['test files run and use the wrapper', rules.untidyTests, { 'test/base/a.test.ts': "import { suite } from 'uvu'\n" }],
  ['files are named in kebab-case', rules.badNames, { 'src/base/BadName.ts': '' }],
  [
    'every dependency has its reason',
    rules.unexplainedDependencies,
    { 'package.json': '{"dependencies":{"left-pad":"1"}}', 'docs/dependencies.md': '' },
  ],
  [
    'every reason has its dependency',
    rules.unexplainedDependencies,
    { 'package.json': '{}', 'docs/dependencies.md': '| `left-pad` | pads |\n' },
  ],
  [
    'every decision is in the index',
    rules.unlistedDecisions,
    { 'docs/decisions/0001-x.md': '', 'docs/decisions/README.md': '' },
  ],
  ['the two commands exist', rules.missingCommands, { 'package.json': '{}', 'README.md': '' }],
]

for (const [title, rule, broken] of RULES) {
  test(title, () => {
    assert.equal(rule(house), [])
    assert.ok(rule(new Map(Object.entries(broken))).length > 0, 'the rule sees a tree that breaks it')
  })
}

test('the median source file stays small', () => {
  const median = rules.medianLines(house)
  assert.ok(median > 20 && median <= 160, `${median} lines`)
})

/** What may stand in an `*.io.ts` only. biome.json finds it, and this finds a slip in biome.json. */
const OUTSIDE = [
  "import net from 'node:net'\nexport const x = net\n",
  "import koffi from 'koffi'\nexport const x = koffi\n",
  "export { realClock } from './real-clock.io.js'\n",
  "export const x = import('node:fs')\n",
  'export const x = Date.now()\n',
  'export const x = performance.now()\n',
  'setTimeout(() => {}, 1)\n',
  'export const x = globalThis.setTimeout\n',
  "export const x = process.env['X']\n",
  'export const x = Buffer.alloc(1)\n',
]

test('the linter keeps the outside out of pure files, and lets it into *.io.ts', (scope) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-tidy-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  const config = JSON.parse(readFileSync(path.join(ROOT, 'biome.json'), 'utf8')) as Record<string, unknown>
  writeFileSync(path.join(folder, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }))
  mkdirSync(path.join(folder, 'src/base'), { recursive: true })
  for (const [i, text] of OUTSIDE.entries()) {
    for (const name of [`${i}.ts`, `${i}.io.ts`]) writeFileSync(path.join(folder, 'src/base', name), text)
  }
  const biome = path.join(ROOT, 'node_modules/.bin/biome')
  const { stderr } = spawnSync(biome, ['lint', '--max-diagnostics=none'], { cwd: folder, encoding: 'utf8' })
  const found = new Set(
    [...stderr.matchAll(/^src\/base\/(\S+?):\S+ lint\/style\/noRestricted/gm)].map((match) => match[1]),
  )
  for (const [i, text] of OUTSIDE.entries()) assert.ok(found.has(`${i}.ts`), `not found: ${text}`)
  assert.is(found.size, OUTSIDE.length, [...found].join(', '))
})

test.run()
