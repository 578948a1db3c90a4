/** The house rules that a linter cannot check, each as a pure function from a tree (path → text) to problems. */
import path from 'node:path'

export type Tree = ReadonlyMap<string, string>

const LINES_MAX = 400

/** Who may import whom: docs/architecture.md. A folder may always import itself, and types from any `ports.ts`. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  gossip: ['base'],
  election: ['base'],
  trunk: ['base'],
  proxy: ['base'],
  handoff: ['base', 'proxy'],
  address: ['base'],
  health: ['base', 'proxy'],
  hosting: ['base', 'proxy'],
  kernel: ['base'],
  page: ['base'],
  wire: ['base', 'address', 'kernel', 'proxy'],
  lane: ['base', 'proxy', 'trunk', 'handoff', 'kernel'],
  node: [
    'base',
    'gossip',
    'election',
    'trunk',
    'proxy',
    'handoff',
    'kernel',
    'lane',
    'wire',
    'health',
    'hosting',
    'page',
  ],
  lab: ['base', 'node'],
  cli: ['base', 'node'],
  commands: ['base', 'node', 'lab', 'cli'],
}

/** Of node, those that lab, cli and commands may use: its client, and what its options are. */
const NODE_FACE =
  /^src\/node\/(config-schema|control\/(control-access\.io|control-client\.io|control-protocol|control-socket|drill-protocol|error-class)|discovery\/bootstrap\.io|doctor\/doctor\.io|keys\/(joining\.io|token-text)|main\.io|seeing\/seeing-protocol|services\/service-plan|state\/(state-dir\.io|state-folder\.io|state-lock\.io))\.ts$/

/** `src/a/b.ts` and `../c/d.js` → `src/c/d.ts`; `undefined` for a package. */
function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}

interface Import {
  readonly to: string
  readonly typeOnly: boolean
}

export function importsOf(file: string, text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gms)) {
    const to = resolveImport(file, match[2] ?? '')
    if (to !== undefined) found.push({ to, typeOnly: match[1] !== undefined })
  }
  for (const match of text.matchAll(/import\('([^']+)'\)/g)) {
    const to = resolveImport(file, match[1] ?? '')
    if (to !== undefined) found.push({ to, typeOnly: false })
  }
  return found
}

const folderOf = (file: string) => file.split('/')[1] ?? ''
const sources = (tree: Tree) => [...tree].filter(([file]) => file.startsWith('src/') && file.endsWith('.ts'))
const tests = (tree: Tree) => [...tree].filter(([file]) => file.startsWith('test/') && file.endsWith('.ts'))

export function longFiles(tree: Tree): string[] {
  return [...tree]
    .filter(([file]) => file.endsWith('.ts'))
    .map(([file, text]) => [file, text.split('\n').length - 1] as const)
    .filter(([, lines]) => lines > LINES_MAX)
    .map(([file, lines]) => `${file} has ${lines} lines, at most ${LINES_MAX}: find the noun that wants its own file`)
}

export function medianLines(tree: Tree): number {
  const lines = sources(tree)
    .map(([, text]) => text.split('\n').length - 1)
    .sort((a, b) => a - b)
  return lines[Math.floor(lines.length / 2)] ?? 0
}

export function upwardImports(tree: Tree): string[] {
  return sources(tree).flatMap(([file, text]) =>
    importsOf(file, text).flatMap(({ to, typeOnly }) => {
      const [from, into] = [folderOf(file), folderOf(to)]
      if (from === into || (typeOnly && to.endsWith('/ports.ts'))) return []
      const allowed = MAY_IMPORT[from]
      if (allowed === undefined) return [`${file} lies in no folder that the design knows`]
      if (!allowed.includes(into))
        return [`${file} imports ${to}: ${from} may import ${allowed.join(', ') || 'nothing'}`]
      const throughFace = into !== 'node' || NODE_FACE.test(to)
      return throughFace ? [] : [`${file} imports ${to}, which is no face of node`]
    }),
  )
}

/** Circles of imports, each once, named by its files. */
export function importCircles(tree: Tree): string[] {
  const state = new Map<string, 'open' | 'done'>()
  const circles: string[] = []
  const walk = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === 'done' || !tree.has(file)) return
    if (state.get(file) === 'open') {
      circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    for (const { to, typeOnly } of importsOf(file, tree.get(file) ?? '')) {
      if (!(typeOnly && to.endsWith('/ports.ts'))) walk(to, [...trail, file])
    }
    state.set(file, 'done')
  }
  for (const [file] of sources(tree)) walk(file, [])
  return circles
}

/** The outside where the linter does not see it: a member of what is fine as such. The rest is biome.json's. */
export function impureFiles(tree: Tree): string[] {
  return sources(tree)
    .filter(([file]) => !file.endsWith('.io.ts') && !/^src\/(cli|commands)\//.test(file))
    .flatMap(([file, text]) =>
      /\bMath\.random\b|\bnacl\.randomBytes\b/.test(text)
        ? [`${file} draws randomness: take a Prng, or bytes, as argument`]
        : [],
    )
}

/** `TODO(#12)` is a plan, `TODO` alone is forgotten. */
export function namelessTodos(tree: Tree): string[] {
  return [...sources(tree), ...tests(tree).filter(([file]) => !/tidy/.test(file))]
    .filter(([, text]) => /\/[/*].*\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/.test(text))
    .map(([file]) => `${file} has a TODO that names no issue: write TODO(#number)`)
}

export function untidyTests(tree: Tree): string[] {
  return tests(tree).flatMap(([file, text]) => {
    const problems: string[] = []
    const isTest = file.endsWith('.test.ts')
    if (isTest && !/^test\.run\(\)$/m.test(text))
      problems.push(`${file} never calls test.run(): none of its tests runs`)
    if (isTest && !/harness\/suite\.js'|'\.\/suite\.js'/.test(text))
      problems.push(`${file} does not use the wrapper in test/harness/suite`)
    if (file !== 'test/harness/suite.ts' && /^import .* from 'uvu/m.test(text))
      problems.push(`${file} imports uvu directly`)
    if (/\b(test|register)\.(skip|only)\(/.test(text)) problems.push(`${file} skips or singles out a test`)
    return problems
  })
}

export function badNames(tree: Tree): string[] {
  return [...tree.keys()]
    .filter((file) => /^(src|test)\//.test(file) && file.endsWith('.ts'))
    .filter(
      (file) => !/^([a-z0-9]+(-[a-z0-9]+)*\/)+[a-z0-9]+(-[a-z0-9]+)*(\.io|\.test|\.long\.test|\.d)?\.ts$/.test(file),
    )
    .map((file) => `${file} is not named in kebab-case`)
}

/** Each dependency has its row in docs/dependencies.md, and each row its dependency. */
export function unexplainedDependencies(tree: Tree): string[] {
  const manifest = JSON.parse(tree.get('package.json') ?? '{}') as Record<string, Record<string, string> | undefined>
  const kinds = ['dependencies', 'optionalDependencies', 'devDependencies']
  const names = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}))
  const rows = [...(tree.get('docs/dependencies.md') ?? '').matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, name]) => name ?? '',
  )
  return [
    ...names
      .filter((name) => !rows.includes(name))
      .map((name) => `docs/dependencies.md does not say why ${name} is needed`),
    ...rows
      .filter((row) => !names.includes(row))
      .map((row) => `docs/dependencies.md explains ${row}, which is no dependency`),
  ]
}

export function unlistedDecisions(tree: Tree): string[] {
  const index = tree.get('docs/decisions/README.md') ?? ''
  return [...tree.keys()]
    .filter((file) => /^docs\/decisions\/\d{4}-.*\.md$/.test(file))
    .filter((file) => !index.includes(path.posix.basename(file)))
    .map((file) => `docs/decisions/README.md does not list ${file}`)
}

export function missingCommands(tree: Tree): string[] {
  const scripts = (JSON.parse(tree.get('package.json') ?? '{}') as { scripts?: Record<string, string> }).scripts ?? {}
  const readme = tree.get('README.md') ?? ''
  const problems = ['demo', 'test']
    .filter((name) => scripts[name] === undefined)
    .map((name) => `package.json has no script ${name}`)
  if (!readme.includes('npm ci && npm run demo') || !readme.includes('npm ci && npm test'))
    problems.push('README.md does not open with its two commands')
  return problems
}
