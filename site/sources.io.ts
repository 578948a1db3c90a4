/** The pages of the repository, as they lie on disk: README, docs, and what these lead to. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Sources } from './site.js'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BESIDE = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'bench/results/latest.md']

export function readSources(): Sources {
  const docs = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.split(path.sep).join('/')}`)
  const files = [...BESIDE, ...docs.sort()]
  return {
    pages: new Map(files.map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')])),
    exists: (file) => existsSync(path.join(ROOT, file)),
  }
}
