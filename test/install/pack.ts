/** The package, made of a copy of what git has: packing clears `dist`, which other tests run from. */
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Scope } from '../harness/suite.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Packed {
  /** Where it was packed. */
  readonly tree: string
  readonly tarball: string
  /** Paths in the package. */
  readonly files: readonly string[]
  readonly packedBytes: number
  readonly unpackedBytes: number
}

export async function packTree(scope: Scope): Promise<Packed> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-pack-'))
  scope.defer(() => rmSync(folder, { recursive: true }))
  const tree = path.join(folder, 'tree')
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  for (const file of listed.split('\n').filter((file) => file !== '')) {
    if (!/^(docs|test|bench)\//.test(file) || /^docs\//.test(file) || file.startsWith('test/install/')) {
      cpSync(path.join(ROOT, file), path.join(tree, file), { force: true })
    }
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'))
  // What an earlier build left.
  mkdirSync(path.join(tree, 'dist/commands'), { recursive: true })
  writeFileSync(path.join(tree, 'dist/commands/stray.js'), '')
  const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--pack-destination', folder], { cwd: tree })
  // Scripts may have printed something before.
  const answer = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Answer[] | Record<string, Answer>
  const [packed] = Object.values(answer)
  if (packed === undefined) throw new Error(`npm pack answers ${stdout}`)
  return {
    tree,
    tarball: path.join(folder, packed.filename),
    files: packed.files.map(({ path: file }) => file),
    packedBytes: packed.size,
    unpackedBytes: packed.unpackedSize,
  }
}

/** As npm says it: a list, or from npm 12 on an object by name. */
interface Answer {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}
