/**
 * The release before this one, built out of the history of this repository, for tests of clusters that have both. It is known by
 * its commit and not by its tag: clones need not have tags. Raise it when a release is made.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { LAB_PROGRAMS } from '../../src/lab/cluster-programs.io.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const EARLIER = { version: '0.1.0', commit: '9c95605f889115d1c5f4ac6d5ed0493523e2856c' } as const

/** `EARLIER=a,c` from outside: nodes of these names run it, in whatever cluster a test makes (src/lab/cluster). */
export function useEarlierNodes(): void {
  const names = (process.env['EARLIER'] ?? '').split(',').filter((name) => name !== '')
  if (names.length === 0) return
  process.env[LAB_PROGRAMS] = names.map((name) => `${name}=${earlierProgram()}`).join(',')
}

/** A shallow clone has not got it, and an unpacked archive has no history at all. */
export function isEarlierKnown(): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${EARLIER.commit}^{commit}`], { cwd: ROOT, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Its `bin/baton.js`; built at the first call, some five seconds, and kept in the folder for temporary files. */
export function earlierProgram(): string {
  const folder = path.join(os.tmpdir(), `baton-release-${EARLIER.commit.slice(0, 12)}-${process.getuid?.() ?? 0}`)
  if (!isBuilt(folder)) build(folder)
  return path.join(folder, 'bin/baton.js')
}

/** By this user, and with dependencies that are still there. */
function isBuilt(folder: string): boolean {
  const [modules, main] = [path.join(folder, 'node_modules'), path.join(folder, 'dist/cli/main.js')]
  if (!existsSync(folder)) return false
  const { uid } = lstatSync(folder)
  if (uid !== process.getuid?.()) throw new Error(`${folder} is another user's (${uid}): remove it`)
  return existsSync(modules) && existsSync(main)
}

function build(folder: string): void {
  const making = mkdtempSync(`${folder}.`)
  try {
    // A pipe of the shell would lose git's exit code.
    const archive = execFileSync('git', ['archive', EARLIER.commit], { cwd: ROOT, maxBuffer: 256 * 1024 * 1024 })
    execFileSync('tar', ['-x', '-C', making], { input: archive })
    checkDependencies(making)
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(making, 'node_modules'))
    const compiler = path.join(ROOT, 'node_modules/.bin/tsc')
    execFileSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: making, encoding: 'utf8', stdio: 'pipe' })
    rmSync(folder, { recursive: true, force: true })
    renameSync(making, folder)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    // Another test has built it meanwhile.
    if (isBuilt(folder)) return
    throw new Error(`release ${EARLIER.version} cannot be built: ${String(error)}`, { cause: error })
  }
}

/** It runs with those of this release. One that it has in another version would be another program. */
function checkDependencies(folder: string): void {
  const [theirs, ours] = [dependencies(folder), dependencies(ROOT)]
  const other = Object.keys(theirs).filter((name) => theirs[name] !== ours[name])
  if (other.length > 0) throw new Error(`it has other versions of ${other.join(', ')}`)
}

function dependencies(folder: string): Readonly<Record<string, string>> {
  const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  return dependencies
}
