import { roundUp, thinned } from '../../src/page/chart.js'
import { bytes, figure, share } from '../../src/page/markup.js'
import { renderMain, renderPage, SERVICES_MAX, verdictOf } from '../../src/page/page.js'
import type { Overview } from '../../src/page/ports.js'
import { assert, suite } from '../harness/suite.js'
import { AT, overview } from './sample.js'

const test = suite('page/page')

test('who directs, in words and as a line that stands out for a moment', () => {
  const html = renderMain(overview(true))
  assert.match(html, 'birch directs web, term 8')
  assert.match(html, /<path class="directs fresh"[^>]*><title>birch directs web, term 8/)
  const later = { ...overview(true), at: AT + 60_000 }
  assert.not.match(renderMain(later), 'directs fresh')
})

test('one sentence says what matters most', () => {
  const words = (change: Partial<Overview>) => verdictOf({ ...overview(), ...change })
  assert.equal(words({}), { tone: 'good', words: '3 services directed, 4 nodes alive' })
  const [db, ...rest] = overview().services
  if (db === undefined) throw new Error('no service')
  assert.equal(words({ services: [{ ...db, director: undefined }, ...rest] }).words, 'Nobody directs db')
  assert.equal(words({ voters: { all: 3, reachable: 1, quorum: 2 } }).tone, 'bad')
  assert.equal(words({ services: [{ ...db, backends: [] }] }).words, 'No program serves db')
  assert.equal(words({ events: overview(true).events }).words, 'birch directs web, term 8')
  assert.match(verdictOf({ ...overview(true), at: AT + 60_000 }).words, 'alder is down')
})

test('what comes from outside is text, wherever it stands', () => {
  const evil = `<img src=x onerror="alert(1)">'&`
  const sample = overview(true)
  const all = JSON.parse(JSON.stringify(sample), (key, value) =>
    typeof value === 'string' && !['state', 'role', 'tone', 'serving'].includes(key) ? evil : value,
  )
  const html = renderPage({
    ...all,
    warnings: [evil],
    services: [...all.services, { ...all.services[0], director: undefined, problem: undefined, why: evil }],
  })
  assert.not.match(html, '<img')
  assert.ok(html.split('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;').length > 20)
})

test('nothing is asked for elsewhere, and nothing stands in the page that its policy forbids', () => {
  const html = renderPage(overview(true))
  assert.not.match(html, /https?:\/\/|\/\/[a-z]/)
  assert.not.match(html, / style=| on[a-z]+=|<style|<script>/)
})

test('below 100 KB, however large the cluster', () => {
  const sample = overview(true)
  const many = <T extends { name: string }>(ones: readonly T[], count: number): T[] =>
    Array.from({ length: count }, (_, i) => ({ ...(ones[i % ones.length] as T), name: `${'n'.repeat(30)}${i}` }))
  const events = Array.from(
    { length: 512 },
    () => sample.events[0] ?? ({ at: 0, tone: 'note', text: '', service: 'web', isHandover: true } as const),
  )
  const nodes = many(sample.nodes, 1_000)
  const services = many(sample.services, 1_000).map((service, i) => ({
    ...service,
    director: nodes[i]?.name,
    backends: nodes
      .slice(0, 300)
      .map(({ name: node }) => ({ node, port: 80, state: 'unhealthy', why: 'w'.repeat(40), splices: 12_345 })),
  }))
  const html = renderPage({
    ...sample,
    services,
    nodes,
    events,
    warnings: Array.from({ length: 300 }, () => 'x'.repeat(200)),
  })
  assert.match(html, `and ${1_000 - SERVICES_MAX} more`)
  assert.ok(html.length < 100_000, `${html.length} bytes of a thousand services on a thousand nodes`)
  assert.ok(renderPage(sample).length < 40_000, String(renderPage(sample).length))
})

test('a node that has just begun, with nothing at all', () => {
  const empty: Overview = {
    ...overview(),
    nodes: [],
    services: [],
    events: [],
    history: { stepMs: 5_000, endAt: AT, splices: [], accepted: [], up: [], down: [] },
  }
  const html = renderMain(empty)
  assert.match(html, 'baton service add')
  assert.not.match(html, /NaN|undefined|Infinity/)
  assert.not.match(
    renderMain({ ...empty, history: { ...empty.history, splices: [3], accepted: [0], up: [0], down: [0] } }),
    /NaN|undefined|Infinity/,
  )
})

test('figures are short, and no share is rounded up to all', () => {
  assert.equal([0, 999, 12_345, 1_234_567, 2.5e9].map(figure), ['0', '999', '12,345', '1.2 M', '2.5 G'])
  assert.equal([0, 999, 1_000, 48_200_000].map(bytes), ['0 B', '999 B', '1.0 kB', '48.2 MB'])
  assert.equal([share(9_999, 10_000), share(5, 5), share(0, 0)], ['99 %', '100 %', '–'])
  assert.equal([1, 7, 5_400, 10_001].map(roundUp), [1, 8, 6_000, 15_000])
})

test('a peak stays to be seen when a line is thinned', () => {
  const values = Array.from({ length: 720 }, (_, i) => (i === 333 ? 50 : 1))
  assert.is(Math.max(...thinned(values)), 50)
  assert.is(thinned(values).length, 120)
})

test.run()
