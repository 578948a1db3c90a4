/** A page's markdown as HTML, with anchors on its headings and its links led to where things lie in the site; and what it links. */
import { Marked, type Token, type Tokens } from 'marked'
import { anchorOf } from './pages.js'

const WORDS_OF_HOST: Readonly<Record<string, string>> = {
  on: 'type on',
  of: 'seen on',
  enter: 'terminal of',
}

export interface Heading {
  readonly depth: number
  readonly text: string
  readonly anchor: string
}

export interface Rendered {
  readonly title: string
  readonly headings: readonly Heading[]
  readonly html: string
}

const parser = new Marked()

/** `lead`: the address in the site for one on the page. */
export function renderMarkdown(text: string, lead: (link: string) => string): Rendered {
  const headings = headingsOf(text)
  let at = 0
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const anchor = headings[at++]?.anchor ?? ''
        const words = this.parser.parseInline(tokens)
        return `<h${depth} id="${anchor}">${words} <a class="here" href="#${anchor}" aria-label="link to this heading">#</a></h${depth}>\n`
      },
      link({ href, title, tokens }) {
        const words = this.parser.parseInline(tokens)
        return `<a href="${escaped(lead(href))}"${title == null ? '' : ` title="${escaped(title)}"`}>${words}</a>`
      },
      image({ href, text: words }) {
        return `<img src="${escaped(lead(href))}" alt="${escaped(words)}">`
      },
      codespan({ text: code }) {
        // A line is broken before a flag, and not within its hyphens.
        return `<code>${escaped(code).replace(/--[\w-]+/g, '<span>$&</span>')}</code>`
      },
      code({ text: code, lang }) {
        return `${captionOf(lang ?? '')}<pre><code>${escaped(code)}</code></pre>\n`
      },
      table(token: Tokens.Table) {
        const cell = (one: Tokens.TableCell, tag: string) =>
          `<${tag}${one.align === null ? '' : ` class="${one.align}"`}>${this.parser.parseInline(one.tokens)}</${tag}>`
        const row = (cells: Tokens.TableCell[], tag: string) =>
          `<tr>${cells.map((one) => cell(one, tag)).join('')}</tr>`
        const isHeadless = token.header.every(({ text: words }) => words === '')
        const head = isHeadless ? '' : `<thead>${row(token.header, 'th')}</thead>`
        const body = token.rows.map((cells) => row(cells, 'td')).join('\n')
        return `<div class="wide"><table>${head}<tbody>${body}</tbody></table></div>\n`
      },
    },
  })
  const title = headings.find(({ depth }) => depth === 1)?.text ?? ''
  return { title, headings, html: marked.parse(text, { async: false }) }
}

export function headingsOf(text: string): readonly Heading[] {
  const taken = new Map<string, number>()
  const found: Heading[] = []
  parser.walkTokens(parser.lexer(text), (token) => {
    if (token.type !== 'heading') return
    const words = plainOf(token.tokens ?? [])
    found.push({ depth: token['depth'], text: words, anchor: anchorOf(words, taken) })
  })
  return found
}

/** Addresses of all links and pictures of a page. */
export function linksOf(text: string): readonly string[] {
  const found: string[] = []
  parser.walkTokens(parser.lexer(text), (token) => {
    if (token.type === 'link' || token.type === 'image') found.push(token['href'])
  })
  return found
}

/** Blocks of the quick start say on which host they are typed: `sh on=alpha`. */
function captionOf(info: string): string {
  const [, kind = '', host = ''] = /\b(on|of|enter)=(\S+)/.exec(info) ?? []
  if (host === '') return ''
  return `<p class="host">${WORDS_OF_HOST[kind]} <b>${escaped(NAMES[host] ?? host)}</b></p>`
}

const NAMES: Readonly<Record<string, string>> = {
  source: 'the host with the source',
  install: 'each host',
  director: 'the director',
  other: 'a host that does not direct',
  killed: 'the host that was killed',
  lab: 'the one machine',
  'lab-end': 'the one machine',
}

function plainOf(tokens: readonly Token[]): string {
  return tokens
    .map((token) =>
      'tokens' in token && token.tokens !== undefined
        ? plainOf(token.tokens)
        : 'text' in token
          ? String(token.text)
          : '',
    )
    .join('')
}

export function escaped(text: string): string {
  return text
    .replace(/&(?!#?\w+;)/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
}
