/** What `npm pack` puts into the package: what is needed to run, and no more. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { assert, suite } from '../harness/suite.js'
import { packTree, ROOT } from './pack.js'

const test = suite('install/pack', 40_000)
const PACKED_BYTES_MAX = 1_500_000
const UNPACKED_BYTES_MAX = 5_000_000
const PARTS =
  /^(bin\/[\w.]+|dist\/[\w./-]+\.js|man\/baton[\w-]*\.1|docs\/[\w-]+\.md|docs\/(alerts|grafana)\/[\w.-]+|containers\/[\w.-]+|Containerfile|oclif\.manifest\.json|npm-shrinkwrap\.json|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/

test('the package has what is built, each command, its pages and its manifest, and nothing else', async (scope) => {
  const { tree, tarball, files, packedBytes, unpackedBytes } = await packTree(scope)
  assert.equal(
    files.filter((file) => !PARTS.test(file)),
    [],
  )
  assert.ok(packedBytes < PACKED_BYTES_MAX, `${packedBytes} bytes`)
  assert.ok(unpackedBytes < UNPACKED_BYTES_MAX, `${unpackedBytes} bytes unpacked`)
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => `dist/${file.replace(/\.ts$/, '.js')}`)
  // Just those: what an earlier build has left is gone.
  assert.equal(files.filter((file) => file.startsWith('dist/')).sort(), sources.sort())
  for (const file of [
    'bin/baton.js',
    'bin/start.js',
    'bin/package.json',
    'man/baton.1',
    'Containerfile',
    'npm-shrinkwrap.json',
  ]) {
    assert.ok(files.includes(file), file)
  }

  const folder = path.join(path.dirname(tarball), 'unpacked')
  mkdirSync(folder)
  execFileSync('tar', ['xzf', tarball, '-C', folder])
  const root = path.join(folder, 'package')
  const { commands } = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, unknown>
  }
  const built = sources.filter((file) => file.startsWith('dist/commands/'))
  assert.equal(
    Object.keys(commands).sort(),
    built.map((file) => file.slice('dist/commands/'.length, -3).replaceAll('/', ':')).sort(),
  )
  const pages = readdirSync(path.join(root, 'man')).sort()
  const named = Object.keys(commands).map((id) => `baton-${id.replaceAll(':', '-')}.1`)
  assert.equal(pages, ['baton.1', ...named].sort())

  // It runs, and the manifest says what the commands say.
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'))
  for (const args of [['service', 'add', '--help']]) {
    const [ours, packed] = [ROOT, root].map((at) =>
      execFileSync(process.execPath, [path.join(at, 'bin/baton.js'), ...args], { encoding: 'utf8' }),
    )
    assert.is(packed, ours, args.join(' '))
  }
  // Nothing is left behind that a later change of a command would make untrue.
  for (const made of ['man', 'oclif.manifest.json', 'npm-shrinkwrap.json'])
    assert.not(existsSync(path.join(tree, made)), made)
})

test('what an old Node reads of bin/baton.js is what it can read', () => {
  const text = readFileSync(path.join(ROOT, 'bin/baton.js'), 'utf8')
  const modern = [/\b(const|let|class|import|export|async|await)\s/, /=>/, /`/, /\?\./, /\?\?/, /\.\.\./, /,\s*\)/]
  const code = text.replace(/^\/\/.*$/gm, '').replace(/'[^'\n]*'/g, "''")
  for (const form of modern) assert.not.match(code, form)
  // As old ones load it, by another loader and in a mode of their own.
  const pretend = "Object.defineProperty(process.versions, 'node', { value: '8.17.0' }); require('./bin/baton.js')"
  try {
    execFileSync(process.execPath, ['-e', pretend], { cwd: ROOT, stdio: 'pipe', encoding: 'utf8' })
    assert.unreachable('it refuses')
  } catch (error) {
    const { status, stderr } = error as { status?: number; stderr?: string }
    assert.is(status, 1)
    assert.match(stderr ?? '', /^Error: Baton needs Node\.js 20 or later, and this is Node\.js 8\.17\.0 at \S+\nTry: /)
  }
})

test.run()
