/** `npm run site`: docs/ as static pages in site/out. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brokenLinks, menuProblems, siteOf } from './site.js'
import { ROOT, readSources } from './sources.io.js'

const OUT = path.join(ROOT, 'site', 'out')
const sources = readSources()
const problems = [...brokenLinks(sources), ...menuProblems(sources)]
for (const problem of problems) console.error(problem)
const { pages, files } = siteOf(sources, readFileSync(new URL('style.css', import.meta.url), 'utf8'))
rmSync(OUT, { recursive: true, force: true })
for (const [file, html] of pages) {
  mkdirSync(path.dirname(path.join(OUT, file)), { recursive: true })
  writeFileSync(path.join(OUT, file), html)
}
for (const [from, to] of files) {
  mkdirSync(path.dirname(path.join(OUT, to)), { recursive: true })
  copyFileSync(path.join(ROOT, from), path.join(OUT, to))
}
console.log(`${pages.size} pages in ${path.relative(process.cwd(), OUT)}: begin with index.html`)
process.exitCode = problems.length === 0 ? 0 : 1
