/** One page of the site as a whole HTML document: nothing in it comes from elsewhere, so that it works from a file as well. */
import { escaped, type Heading } from './markdown.js'

export interface MenuItem {
  readonly title: string
  readonly href: string
  readonly isHere: boolean
}

export interface PageParts {
  readonly title: string
  readonly front: string
  readonly menu: readonly { readonly title: string; readonly items: readonly MenuItem[] }[]
  readonly headings: readonly Heading[]
  readonly html: string
  readonly before: MenuItem | undefined
  readonly after: MenuItem | undefined
  readonly style: string
}

const HEADINGS_MIN = 4

export function pageOf(parts: PageParts): string {
  const title = parts.title === 'Baton' ? 'Baton' : `${parts.title} · Baton`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${parts.style}</style>
<header><a class="name" href="${parts.front}">Baton</a> <span>one address, every host</span></header>
<nav aria-label="pages"><details class="menu"><summary>Pages</summary>${menuOf(parts)}</details><div class="side">${menuOf(parts)}</div></nav>
<main>
${insert(parts.html, contentsOf(parts.headings))}
<footer>${neighbour(parts.before, 'before', '←')}${neighbour(parts.after, 'after', '→')}</footer>
</main>
</html>
`
}

function menuOf({ menu }: PageParts): string {
  return menu.map(({ title, items }) => `<h2>${escaped(title)}</h2><ul>${items.map(itemOf).join('')}</ul>`).join('')
}

function itemOf({ title, href, isHere }: MenuItem): string {
  return `<li><a href="${href}"${isHere ? ' aria-current="page"' : ''}>${escaped(title)}</a></li>`
}

function contentsOf(headings: readonly Heading[]): string {
  const second = headings.filter(({ depth }) => depth === 2)
  if (second.length < HEADINGS_MIN) return ''
  const items = second.map(({ text, anchor }) => `<li><a href="#${anchor}">${escaped(text)}</a></li>`)
  return `<details class="contents"><summary>On this page</summary><ul>${items.join('')}</ul></details>\n`
}

/** Behind the first heading. */
function insert(html: string, contents: string): string {
  const at = html.indexOf('</h1>')
  return at < 0 ? contents + html : `${html.slice(0, at + 5)}\n${contents}${html.slice(at + 5)}`
}

function neighbour(item: MenuItem | undefined, rel: string, arrow: string): string {
  if (item === undefined) return '<span></span>'
  const words = rel === 'before' ? `${arrow} ${escaped(item.title)}` : `${escaped(item.title)} ${arrow}`
  return `<a href="${item.href}">${words}</a>`
}
