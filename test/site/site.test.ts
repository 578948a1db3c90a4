/** Each link of README and docs leads somewhere, in the repository and in the site that is made of it; each page is in a menu. */
import path from 'node:path'
import { headingsOf } from '../../site/markdown.js'
import { brokenLinks, menuProblems, type Sources, siteOf } from '../../site/site.js'
import { readSources } from '../../site/sources.io.js'
import { assert, suite } from '../harness/suite.js'

const test = suite('site', 20_000)
const sources = readSources()

/** The house with one page changed or added. */
function withPage(file: string, text: string): Sources {
  return { pages: new Map([...sources.pages, [file, text]]), exists: (name) => name === file || sources.exists(name) }
}

test('every relative link and anchor of README and docs holds, and one that does not is seen', () => {
  assert.equal(brokenLinks(sources), [])
  const bad =
    '# Bad\n\n[a](nowhere.md) [b](cli.md#no-such-thing) [c](#bad) [d](cli.md#exit-codes) [e](https://example.org/)\n'
  assert.equal(brokenLinks(withPage('docs/bad.md', bad)), [
    'docs/bad.md: nowhere.md: there is no docs/nowhere.md',
    'docs/bad.md: cli.md#no-such-thing: docs/cli.md has no such heading',
  ])
})

test('every page is in a menu, and one that is not is seen', () => {
  assert.equal(menuProblems(sources), [])
  assert.equal(menuProblems(withPage('docs/lost.md', '# Lost\n')), ['docs/lost.md is in no menu'])
})

test('anchors are what GitHub makes of headings', () => {
  const page = '# What `baton up` does\n\n## Crash, recovery & more …\n\n## Same\n\n## Same\n\n```\n# no heading\n```\n'
  assert.equal(
    headingsOf(page).map(({ anchor }) => anchor),
    ['what-baton-up-does', 'crash-recovery--more-', 'same', 'same-1'],
  )
})

test('the site links only what it has, and nothing from elsewhere is loaded', () => {
  const { pages, files } = siteOf(sources, '')
  const there = new Set([...pages.keys(), ...files.values()])
  const lost: string[] = []
  for (const [page, html] of pages) {
    assert.not(/<(script|link|iframe)\b|src="https?:/.test(html), page)
    const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))
    for (const [, href = ''] of html.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      if (/^https?:/.test(href)) continue
      const [file = '', anchor = ''] = href.split('#')
      const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
      if (!there.has(target) || (target === page && anchor !== '' && !ids.has(anchor))) lost.push(`${page}: ${href}`)
    }
  }
  assert.equal(lost, [])
  assert.ok(pages.has('index.html'))
})

test.run()
