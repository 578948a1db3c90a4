/** The results as Markdown: machine, judged rows, a table for each work, and a comparison of commits. */
import { type Judgement, judge } from './goals.js'
import { baseOf, type PeerLine, type Quantity, type Results, ratioIn, spreadIn } from './results.js'
import { type Spread, spreadOf } from './statistics.js'
import { WORK_NAMES, WORKS, type WorkName } from './work.js'

export function renderMarkdown(results: Results): string {
  const parts = [
    '# Benchmark',
    'Made by `npm run bench`; docs/bench.md says what is counted and how. Every cell is the median of the rounds and, behind it, min..max.',
    '![CPU of all proxy processes, as a ratio to HAProxy](chart.svg)',
    list({ ...results.machine, ...results.settings }),
    ...bullets('Not measured', results.missing),
    ...bullets('Failed', results.failures),
    '## Judged',
    judgedTable(judge(results)),
    results.peers.map((peer) => `- \`${peer.name}\`: ${peer.what}`).join('\n'),
    ...WORK_NAMES.filter((work) => results.samples[work] !== undefined).flatMap((work) => [
      `## ${capital(WORKS[work].what)}`,
      work === 'idle' ? memoryTable(results) : workTable(results, work),
    ]),
    ...comparison(results),
  ]
  return `${parts.join('\n\n')}\n`
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** Three digits that count, and thousands apart. */
export function digits(value: number): string {
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-9))))
  return value.toLocaleString('en-US', {
    minimumFractionDigits: Math.min(places, 3),
    maximumFractionDigits: Math.min(places, 3),
  })
}

export function cell(spread: Spread | undefined, divisor = 1): string {
  if (spread === undefined) return '–'
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => digits(value / divisor))
  return `${median} (${min}..${max})`
}

export function judgedTable(judgements: readonly Judgement[]): string {
  const verdict = ({ found, isHeld }: Judgement) =>
    found === undefined ? 'not measured' : isHeld ? 'held' : '**missed**'
  return table(
    ['what', 'work', 'peer', 'compared to', 'at most', 'measured', 'verdict'],
    judgements.map((one) => [
      one.goal.what,
      one.work,
      one.peer,
      one.goal.base ?? '–',
      digits(one.goal.atMost),
      cell(one.found),
      verdict(one),
    ]),
  )
}

function workTable(results: Results, work: WorkName): string {
  const { unit, kind } = WORKS[work]
  const isBulk = kind === 'bulk'
  const columns: readonly (readonly [string, Quantity])[] = [
    [isBulk ? 'CPU ms per GB' : `CPU µs per ${unit}`, 'cpuUs'],
    [isBulk ? 'GB/s' : `${unit}s/s`, 'perSecond'],
    ...(isBulk
      ? []
      : ([
          ['p50 ms', 'p50Ms'],
          ['p99 ms', 'p99Ms'],
          ['p99.9 ms', 'p999Ms'],
        ] as const)),
  ]
  const head = ['peer', ...columns.map(([title]) => title), 'CPU to HAProxy', ...(isBulk ? [] : ['errors'])]
  const rows = results.peers.map((peer) => [
    peer.name,
    ...columns.map(([, quantity]) =>
      cell(spreadIn(results, work, peer.name, quantity), isBulk && quantity === 'cpuUs' ? 1_000 : 1),
    ),
    ratioCell(results, work, peer, 'cpuUs'),
    ...(isBulk ? [] : [String(errorsOf(results, work, peer.name))]),
  ])
  return table(head, rows)
}

function memoryTable(results: Results): string {
  const rows = results.peers.flatMap((peer) => {
    const series = results.samples.idle?.[peer.name] ?? []
    const roles = [...new Set(series.flatMap((sample) => Object.keys(sample?.memoryBytes ?? {})))]
    const [first] = roles
    return roles.map((role) => {
      const found = series.map((sample) => sample?.memoryBytes?.[role]).filter((bytes) => bytes !== undefined)
      const ratio = role === first ? ratioCell(results, 'idle', peer, 'memoryBytes') : ''
      return [peer.name, role, cell(spreadOf(found)), ratio]
    })
  })
  return table(['peer', 'process', 'resident bytes per connection', 'first hop to HAProxy'], rows)
}

function ratioCell(results: Results, work: WorkName, peer: PeerLine, quantity: Quantity): string {
  const base = baseOf(peer)
  return peer.name === base ? '1' : cell(ratioIn(results, work, peer.name, base, quantity))
}

function errorsOf(results: Results, work: WorkName, peer: string): number {
  return (results.samples[work]?.[peer] ?? []).reduce((sum, sample) => sum + (sample?.errors ?? 0), 0)
}

/** The working tree to the other commit, where one was measured beside it. */
function comparison(results: Results): string[] {
  const pairs = results.peers.flatMap((other) => {
    const [name, commit] = other.name.split('@')
    return commit === undefined || name === undefined ? [] : [{ name, other: other.name }]
  })
  const rows = WORK_NAMES.flatMap((work) =>
    pairs.flatMap(({ name, other }) => {
      const quantity = work === 'idle' ? 'memoryBytes' : 'cpuUs'
      const ratio = ratioIn(results, work, name, other, quantity)
      const p99 = ratioIn(results, work, name, other, 'p99Ms')
      return ratio === undefined ? [] : [[work, name, other, cell(ratio), cell(p99)]]
    }),
  )
  const head = ['work', 'working tree', 'to', 'CPU (idle: memory)', 'p99']
  return rows.length === 0 ? [] : ['## Compared to the other commit', table(head, rows)]
}

function list(items: Readonly<Record<string, string>>): string {
  return Object.entries(items)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n')
}

function bullets(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, lines.map((line) => `- ${line}`).join('\n')]
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
