/**
 * What is made when the package is packed: man pages, and oclif's manifest, which spares every command the loading of all
 * others. Neither is kept in git: both say nothing that the commands do not.
 *
 * usage: node dist/cli/reference-main.js man|manifest …
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Config } from '@oclif/core'
import { manPages } from './reference/man-pages.js'
import { referenceOf } from './reference/model.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MANIFEST = path.join(ROOT, 'oclif.manifest.json')

rmSync(MANIFEST, { force: true })
const config = await Config.load(ROOT)

if (process.argv.includes('man')) {
  const folder = path.join(ROOT, 'man')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const date = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? Date.now() / 1_000) * 1_000).toISOString()
  for (const { file, text } of manPages(referenceOf(config), date.slice(0, 10))) {
    writeFileSync(path.join(folder, file), text)
  }
}
if (process.argv.includes('manifest')) {
  const commands = Object.fromEntries(config.commands.map((command) => [command.id, command]))
  writeFileSync(MANIFEST, `${JSON.stringify({ commands, version: config.version })}\n`)
}
