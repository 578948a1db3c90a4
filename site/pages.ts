/** Which pages the site has, in which order, and where each lies: pure. Paths are those of the repository, with slashes. */
import path from 'node:path'

export interface Section {
  readonly title: string
  /** Files, in the order of the menu. */
  readonly pages: readonly string[]
}

const docs = (...names: string[]) => names.map((name) => `docs/${name}.md`)

/** The menu. Alerts and decisions have menus of their own, on their front pages. */
export const SECTIONS: readonly Section[] = [
  {
    title: 'Start',
    pages: [
      ...docs('README', 'quick-start', 'comparison'),
      ...docs('migration-haproxy-keepalived', 'migration-pacemaker', 'trucluster'),
    ],
  },
  {
    title: 'Operate',
    pages: docs(
      'operating',
      'versions',
      'alerts/README',
      'install',
      'containers',
      'doctor',
      'status-page',
      'metrics',
      'events',
      'access-log',
      'keys',
      'security',
    ),
  },
  {
    title: 'Understand',
    pages: docs(
      'architecture',
      'choosing',
      'health',
      'single',
      'identity',
      'addresses',
      'outward',
      'handoff',
      'election',
      'membership',
      'discovery',
      'registry',
      'divergence',
    ),
  },
  {
    title: 'Reference',
    pages: [
      ...docs('cli', 'wire', 'wire-trunk', 'wire-splice', 'bench'),
      'bench/results/latest.md',
      ...docs('testing', 'dependencies', 'readers-diary'),
      'CHANGELOG.md',
      'CONTRIBUTING.md',
    ],
  },
  { title: 'Decisions', pages: docs('decisions/README') },
]

/** Where a page of the repository lies in the site; other files keep their places below `files/`. */
export function outputOf(file: string): string {
  if (!file.endsWith('.md')) return file.startsWith('docs/') ? file.slice(5) : `files/${file}`
  if (file === 'README.md') return 'readme.html'
  const inSite = file.startsWith('docs/') ? file.slice(5) : file.toLowerCase()
  return inSite.replace(/(^|\/)readme\.md$/i, '$1index.html').replace(/\.md$/, '.html')
}

/** What a heading is called in an address: as GitHub does it. `taken` counts those of the page so far. */
export function anchorOf(heading: string, taken: Map<string, number>): string {
  const plain = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
  const times = taken.get(plain) ?? 0
  taken.set(plain, times + 1)
  return times === 0 ? plain : `${plain}-${times}`
}

export interface Target {
  readonly file: string
  readonly anchor: string
}

/** Where a link on a page leads; `undefined` if out of the repository. */
export function targetOf(page: string, link: string): Target | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined
  const [place = '', anchor = ''] = link.split('#')
  const file = place === '' ? page : path.posix.join(path.posix.dirname(page), decodeURI(place))
  return { file: file.replace(/\/$/, ''), anchor }
}

/** From one file of the site to another. */
export function relative(from: string, to: string): string {
  return path.posix.relative(path.posix.dirname(from), to)
}
