/** The status page: plain HTML and SVG, made anew as a whole every time. */
import { formatSpan } from '../base/time.js'
import { bytesBands, hourChart, sparkline } from './chart.js'
import { ago, bytes, figure, plural, share, text } from './markup.js'
import type { Happening, NodeCard, Overview, ServiceCard } from './ports.js'
import { FRESH_MS, freshServices, NARROW, ROWS_MAX, topology, WIDE } from './topology.js'

/** What there is more of is only counted: a page of a thousand services would be read by nobody. */
export const SERVICES_MAX = 16
const NODES_MAX = 30
const EVENTS_MAX = 16
const BACKENDS_MAX = 8
const NOTHING_HERE = 'nothing is directed here'
const WARNINGS_MAX = 8

/** With the part that changes in it, so that it can be read without its script too. */
export function renderPage(overview: Overview): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Baton · ${text(overview.node.name)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
<script src="page.js" defer></script>
<noscript><meta http-equiv="refresh" content="10"></noscript>
</head>
<body>
<main id="main">
${renderMain(overview)}
</main>
</body>
</html>
`
}

/** What changes. */
export function renderMain(overview: Overview): string {
  const { node, services } = overview
  const more =
    Math.max(services.length, overview.nodes.length) > ROWS_MAX
      ? `<p class="more">the first ${ROWS_MAX} of each</p>`
      : ''
  return [
    header(overview),
    warnings(overview.warnings),
    `<section class="card map"><h2>Who directs</h2>${topology(overview, WIDE)}${topology(overview, NARROW)}${more}${legend()}</section>`,
    totals(overview),
    `<section class="card"><h2>The last hour</h2>${hourChart(overview.history, overview.events)}${bytesBands(overview.history)}</section>`,
    servicesSection(overview),
    '<div class="two">',
    eventsSection(overview),
    nodesSection(overview),
    '</div>',
    `<footer>Baton ${text(node.version)} on ${text(node.name)}, up ${formatSpan(node.upMs)}. Connections are those with a half on this node. Read-only.</footer>`,
  ].join('\n')
}

function header(overview: Overview): string {
  const { tone, words } = verdictOf(overview)
  return `<header><div><h1>Baton</h1><p class="where">${text(overview.node.name)}</p></div><p class="verdict ${tone}"><span class="dot"></span>${text(words)}</p></header>`
}

/** One sentence for who looks up once. */
export function verdictOf({ services, nodes, voters, events, at }: Overview): {
  readonly tone: string
  readonly words: string
} {
  const orphans = services.filter(({ director }) => director === undefined)
  const [orphan] = orphans
  if (orphan !== undefined) {
    const who = orphans.length === 1 ? orphan.name : plural(orphans.length, 'service')
    return { tone: 'bad', words: `Nobody directs ${who}` }
  }
  if (voters.reachable < voters.quorum) return { tone: 'bad', words: 'This node reaches no majority' }
  const moving = events.find((event) => event.isHandover && at - event.at < FRESH_MS)
  if (moving !== undefined) return { tone: 'warn', words: moving.text }
  const idle = services.find(({ backends }) => !backends.some(({ state }) => state === 'healthy'))
  if (idle !== undefined) return { tone: 'bad', words: `No program serves ${idle.name}` }
  const down = nodes.filter(({ state }) => state === 'down' || state === 'suspect')
  if (down.length > 0) {
    const names = down.map(({ name }) => name).join(', ')
    return {
      tone: 'warn',
      words: `${plural(services.length, 'service')} directed; ${names} ${down.length === 1 ? 'is' : 'are'} down`,
    }
  }
  const alive = nodes.filter(({ state }) => state === 'alive').length
  return { tone: 'good', words: `${plural(services.length, 'service')} directed, ${plural(alive, 'node')} alive` }
}

function warnings(all: readonly string[]): string {
  if (all.length === 0) return ''
  const more = all.length > WARNINGS_MAX ? `<li>and ${all.length - WARNINGS_MAX} more: baton status</li>` : ''
  return `<ul class="warnings">${all
    .slice(0, WARNINGS_MAX)
    .map((one) => `<li>${text(one)}</li>`)
    .join('')}${more}</ul>`
}

function legend(): string {
  const line = (name: string) => `<svg viewBox="0 0 28 8" aria-hidden="true"><path class="${name}" d="M1 4H27"/></svg>`
  return `<p class="legend">${line('directs')} directs ${line('serves')} serves ${line('serves not')} does not now</p>`
}

function totals({ totals: sum, history }: Overview): string {
  const { rates, directed, survivable } = sum
  const reasons = Object.entries(sum.mortal).sort(([, a], [, b]) => b - a)
  const why = reasons.slice(0, 3).map(([reason, count]) => `${figure(count)}: ${reason}`)
  const tile = (label: string, value: string, below: string, more = '') =>
    `<div class="card tile"><h3>${label}</h3><p class="value">${value}</p><p class="below">${text(below)}</p>${more}</div>`
  // Others count what they direct.
  const isIdle = directed === 0 && rates.accepted === 0 && rates.up + rates.down === 0
  const volume = history.up.map((up, i) => up + (history.down[i] ?? 0))
  return `<section class="tiles">${[
    tile(
      'Connections',
      figure(sum.splices),
      `${figure(directed)} directed here`,
      sparkline(history.splices, 'connections'),
    ),
    tile(
      'New a second',
      rates.accepted < 10 ? rates.accepted.toFixed(1) : figure(rates.accepted),
      isIdle ? NOTHING_HERE : `${figure(sum.refused)} refused of ${figure(sum.accepted)}`,
      sparkline(history.accepted, 'new connections a second'),
    ),
    tile(
      'Bytes a second',
      bytes(rates.up + rates.down),
      isIdle ? NOTHING_HERE : `${bytes(rates.up)} from, ${bytes(rates.down)} to clients`,
      sparkline(volume, 'bytes a second'),
    ),
    tile(
      'Would live on',
      share(survivable, directed),
      why.join('; ') || (directed === 0 ? NOTHING_HERE : 'if this node died now'),
      meter(survivable, directed),
    ),
  ].join('')}</section>`
}

function meter(part: number, whole: number): string {
  const width = whole === 0 ? 0 : Math.round((part * 120) / whole)
  return `<svg class="meter" viewBox="0 0 120 6" preserveAspectRatio="none" aria-hidden="true"><rect class="whole" width="120" height="6"/><rect class="part" width="${width}" height="6"/></svg>`
}

function servicesSection(overview: Overview): string {
  const { services } = overview
  if (services.length === 0)
    return '<section class="card"><h2>Services</h2><p class="empty">None yet: <code>baton service add</code></p></section>'
  const fresh = freshServices(overview)
  const rest = services.length - SERVICES_MAX
  const more = rest > 0 ? `<p class="more">and ${figure(rest)} more: <code>baton status</code></p>` : ''
  return `<section><h2 class="over">Services</h2><div class="cards">${services
    .slice(0, SERVICES_MAX)
    .map((service) => serviceCard(service, fresh.has(service.name)))
    .join('')}</div>${more}</section>`
}

function serviceCard(service: ServiceCard, isFresh: boolean): string {
  const { name, address, ports, director, term, survival, backends } = service
  const who =
    director === undefined
      ? '<strong class="bad">nobody</strong> directs'
      : `<strong${isFresh ? ' class="fresh"' : ''}>${text(director)}</strong> directs <span class="dim">in term ${term}</span>`
  const trouble = service.problem ?? (director === undefined ? service.why : '')
  const dots = backends
    .slice(0, BACKENDS_MAX)
    .map(({ node, port, state, why, splices }) => {
      const tone = state === 'healthy' ? 'good' : state === 'unhealthy' ? 'bad' : 'idle'
      return `<li class="${tone}" title="${text(state)}"><span class="dot"></span>${text(node)}<span class="dim">:${port}</span><span class="count">${figure(splices)}</span></li>${state === 'unhealthy' && why !== '' ? `<li class="trouble">${text(why)}</li>` : ''}`
    })
    .join('')
  const rest = backends.length > BACKENDS_MAX ? `<li class="idle">and ${backends.length - BACKENDS_MAX} more</li>` : ''
  const lives =
    survival === undefined || survival.directed === 0
      ? ''
      : `, ${share(survival.survivable, survival.directed)} would live on`
  return `<article class="card service"><h3>${text(name)}</h3><p class="dim">${text(address)} · ${text(ports)}</p><p>${who}</p>${trouble === '' ? '' : `<p class="trouble">${text(trouble)}</p>`}<p class="dim">${plural(service.splices, 'connection')} here${lives}</p>${sparkline(service.trend, `connections of ${name}`)}<ul class="backends">${dots || '<li class="bad"><span class="dot"></span>no program listens</li>'}${rest}</ul></article>`
}

function eventsSection({ events, at }: Overview): string {
  const rows = events
    .slice(0, EVENTS_MAX)
    .map(
      (event: Happening) =>
        `<li class="${event.tone}${at - event.at < FRESH_MS ? ' fresh' : ''}"><span class="dot"></span><span>${text(event.text)}</span><time>${ago(at - event.at)}</time></li>`,
    )
    .join('')
  return `<section class="card"><h2>What happened</h2><ol class="events">${rows || '<li class="note">Nothing since this node was started.</li>'}</ol></section>`
}

function nodesSection({ nodes, voters, services }: Overview): string {
  const rows = nodes
    .slice(0, NODES_MAX)
    .map((node) => nodeRow(node, services))
    .join('')
  const more = nodes.length > NODES_MAX ? `<p class="more">and ${nodes.length - NODES_MAX} more</p>` : ''
  return `<section class="card"><h2>Nodes</h2><p class="dim">${voters.reachable} of ${voters.all} voters within reach, ${voters.quorum} needed</p><table><tbody>${rows}</tbody></table>${more}</section>`
}

function nodeRow(node: NodeCard, services: readonly ServiceCard[]): string {
  const directs = services.filter(({ director }) => director === node.name).map(({ name }) => name)
  const words = [
    node.self ? 'this node' : node.link,
    node.role === 'node' ? '' : node.role,
    node.voter ? 'votes' : '',
    node.drained ? 'drained' : '',
    directs.length > 3
      ? `directs ${directs.length} services`
      : directs.length > 0
        ? `directs ${directs.join(', ')}`
        : '',
  ].filter((word) => word !== '')
  const tone = node.state === 'alive' ? 'good' : node.state === 'suspect' ? 'warn' : 'bad'
  return `<tr class="${tone}"><th><span class="dot"></span>${text(node.name)}</th><td>${node.state === 'alive' ? '' : `${node.state} for ${formatSpan(node.sinceMs)}. `}${text(words.join(', '))}</td><td class="dim">${text(node.address)}</td></tr>`
}
