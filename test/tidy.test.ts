import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
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

test('the linter keeps the outside out of pure files', () => {
  const biome = (args: string[], input: string) =>
    spawnSync(path.join(ROOT, 'node_modules/.bin/biome'), args, { cwd: ROOT, input, encoding: 'utf8' })
  for (const text of OUTSIDE) {
    const lint = (name: string) => biome(['lint', '--error-on-warnings', `--stdin-file-path=src/base/${name}`], text)
    assert.match(lint('a.ts').stderr, /noRestricted(Globals|Imports)/, text)
    assert.not.match(lint('a.io.ts').stderr, /noRestricted(Globals|Imports)/, text)
  }
})

test.run()
