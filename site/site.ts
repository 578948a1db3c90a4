/** The whole site, from the files of the repository: pure. */
import { type Heading, headingsOf, linksOf, renderMarkdown } from './markdown.js'
import { outputOf, relative, SECTIONS, targetOf } from './pages.js'
import { type MenuItem, pageOf } from './template.js'

/** Markdown by its path; of other files only that they exist. */
export interface Sources {
  readonly pages: ReadonlyMap<string, string>
  exists(file: string): boolean
}

export interface Site {
  /** HTML by its path in the site. */
  readonly pages: ReadonlyMap<string, string>
  /** Files that pages link, to be copied: from the repository to the site. */
  readonly files: ReadonlyMap<string, string>
}

/** Titles that would be too long or too much alike in a menu. */
const MENU_TITLES: Readonly<Record<string, string>> = {
  'docs/README.md': 'Welcome',
  'docs/decisions/README.md': 'All decisions',
  'docs/alerts/README.md': 'Alerts',
  'docs/quick-start.md': 'Quick start',
  'docs/doctor.md': 'Doctor',
  'docs/security.md': 'Security',
  'docs/architecture.md': 'Architecture',
  'docs/choosing.md': 'Choosing',
  'docs/registry.md': 'Registry',
  'docs/divergence.md': 'Where papers are left',
  'docs/operating.md': 'What to do when …',
  'docs/versions.md': 'Upgrades and releases',
  'docs/migration-haproxy-keepalived.md': 'From HAProxy and keepalived',
  'docs/migration-pacemaker.md': 'From Pacemaker',
  'docs/trucluster.md': 'From TruCluster',
  'docs/comparison.md': 'Comparison',
  'docs/wire.md': 'Wire: overview',
  'docs/wire-trunk.md': 'Wire: trunk',
  'docs/wire-splice.md': 'Wire: splices',
  'docs/single.md': 'Services of mode single',
  'docs/handoff.md': 'Outliving the director',
  'docs/identity.md': 'Who the client is',
  'docs/outward.md': 'Outgoing connections',
  'docs/bench.md': 'Benchmark',
  'bench/results/latest.md': 'Benchmark: last run',
}

/** What is wrong with links: each leads to a file that is there, and to a heading that the page has. */
export function brokenLinks(sources: Sources): readonly string[] {
  const anchors = new Map<string, ReadonlySet<string>>()
  for (const [file, text] of sources.pages) anchors.set(file, new Set(headingsOf(text).map(({ anchor }) => anchor)))
  return [...sources.pages].flatMap(([file, text]) =>
    linksOf(text).flatMap((link) => {
      const target = targetOf(file, link)
      if (target === undefined) return []
      if (!sources.exists(target.file)) return [`${file}: ${link}: there is no ${target.file}`]
      if (target.anchor === '') return []
      const there = anchors.get(target.file)
      if (there === undefined) return [`${file}: ${link}: ${target.file} is no page`]
      return there.has(target.anchor) ? [] : [`${file}: ${link}: ${target.file} has no such heading`]
    }),
  )
}

/** Pages that nobody finds, and places in the menu that lead nowhere. */
export function menuProblems(sources: Sources): readonly string[] {
  const inMenu = SECTIONS.flatMap(({ pages }) => pages)
  const linked = (index: string) => linksOf(sources.pages.get(index) ?? '').map((link) => targetOf(index, link)?.file)
  const found = new Set([
    ...inMenu,
    ...linked('docs/alerts/README.md'),
    ...linked('docs/decisions/README.md'),
    'README.md',
  ])
  return [
    ...inMenu.filter((file) => !sources.pages.has(file)).map((file) => `${file} is in the menu and does not exist`),
    ...[...sources.pages.keys()].filter((file) => !found.has(file)).map((file) => `${file} is in no menu`),
  ]
}

export function siteOf(sources: Sources, style: string): Site {
  const files = new Map<string, string>()
  const titles = new Map([...sources.pages].map(([file, text]) => [file, titleOf(file, headingsOf(text))]))
  const order = SECTIONS.flatMap(({ pages }) => pages)
  const pages = new Map<string, string>()
  for (const [file, text] of sources.pages) {
    const output = outputOf(file)
    const item = (page: string): MenuItem => ({
      title: titles.get(page) ?? page,
      href: relative(output, outputOf(page)),
      isHere: page === file || (page === frontOf(file) && !order.includes(file)),
    })
    const lead = (link: string) => {
      const target = targetOf(file, link)
      if (target === undefined) return link
      if (!target.file.endsWith('.md')) files.set(target.file, outputOf(target.file))
      const anchor = target.anchor === '' ? '' : `#${target.anchor}`
      return target.file === file ? anchor || '#' : relative(output, outputOf(target.file)) + anchor
    }
    const { title, headings, html } = renderMarkdown(text, lead)
    const at = order.indexOf(file)
    const beside = (step: number) => {
      const page = at < 0 ? undefined : order[at + step]
      return page === undefined ? undefined : item(page)
    }
    const menu = SECTIONS.map((section) => ({ title: section.title, items: section.pages.map(item) }))
    const front = relative(output, 'index.html')
    pages.set(output, pageOf({ title, front, menu, headings, html, before: beside(-1), after: beside(1), style }))
  }
  return { pages, files }
}

/** The page of whose menu a page is. */
function frontOf(file: string): string {
  return file.replace(/[^/]*$/, 'README.md')
}

function titleOf(file: string, headings: readonly Heading[]): string {
  return MENU_TITLES[file] ?? headings.find(({ depth }) => depth === 1)?.text ?? file
}
