/**
 * The chart: for each work the CPU of each peer as a ratio to HAProxy with as many hops, on a logarithmic axis, as SVG.
 * Colours change with the reader's scheme; the hues are told apart without red and green (Okabe and Ito, 2008).
 */
import { baseOf, type Results, ratioIn } from './results.js'
import type { Spread } from './statistics.js'
import { WORK_NAMES, type WorkName } from './work.js'

const HUES = ['#0072b2', '#56b4e9', '#e69f00', '#cc79a7', '#009e73', '#d55e00', '#7f7f7f', '#b8a100']
const PLOT = { left: 52, top: 16, height: 240, bar: 13, gap: 22 } as const
const LEGEND_LINE = 18
/** Ratios beyond are drawn as these: the axis stays readable, and the number is in the table. */
const LEAST = 1 / 16
const MOST = 16

const STYLE = `text{font:12px system-ui,sans-serif;fill:#1f2328}.line{stroke:#d0d7de}.one{stroke:#1f2328}.spread{stroke:#1f2328}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.line{stroke:#3d444d}.one{stroke:#e6edf3}.spread{stroke:#e6edf3}}`

interface Bar {
  readonly peer: string
  readonly hue: string
  readonly ratio: Spread
}

export function renderChart(results: Results): string {
  const hues = new Map(results.peers.map(({ name }, index) => [name, HUES[index % HUES.length] ?? 'gray']))
  const groups = WORK_NAMES.flatMap((work) => {
    const bars = barsOf(results, work, hues)
    return bars.length === 0 ? [] : [{ work, bars }]
  })
  let x = PLOT.left + PLOT.gap / 2
  const drawn = groups.map(({ work, bars }) => {
    const text = drawGroup(x, work, bars)
    x += Math.max(bars.length * PLOT.bar, work.length * 7) + PLOT.gap
    return text
  })
  const width = Math.max(x, 420)
  const shown = results.peers.filter(({ name }) => groups.some(({ bars }) => bars.some(({ peer }) => peer === name)))
  const legendTop = PLOT.top + PLOT.height + 44
  const legend = shown.map(({ name, hops }, index) => {
    const y = legendTop + index * LEGEND_LINE
    return `<rect x="${PLOT.left}" y="${y - 10}" width="12" height="12" fill="${hues.get(name)}"/>${label(PLOT.left + 18, y, `${name} to ${baseOf({ hops })}`)}`
  })
  const height = legendTop + shown.length * LEGEND_LINE
  const title = 'CPU of all processes of a proxy (idle: memory of the first), as a ratio to HAProxy; less is better'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>${STYLE}</style>
${[...axis(width), ...drawn, ...legend].join('\n')}
</svg>
`
}

function barsOf(results: Results, work: WorkName, hues: ReadonlyMap<string, string>): Bar[] {
  return results.peers.flatMap((peer) => {
    const base = baseOf(peer)
    const ratio = ratioIn(results, work, peer.name, base, work === 'idle' ? 'memoryBytes' : 'cpuUs')
    return ratio === undefined || peer.name === base
      ? []
      : [{ peer: peer.name, hue: hues.get(peer.name) ?? 'gray', ratio }]
  })
}

function drawGroup(left: number, work: WorkName, bars: readonly Bar[]): string {
  const lines = bars.map(({ peer, hue, ratio }, index) => {
    const x = left + index * PLOT.bar
    const [from, to] = [heightOf(1), heightOf(ratio.median)]
    const middle = x + PLOT.bar / 2 - 1
    return [
      `<rect x="${x}" y="${Math.min(from, to)}" width="${PLOT.bar - 2}" height="${Math.max(1, Math.abs(from - to))}" fill="${hue}">`,
      `<title>${peer}: ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})</title></rect>`,
      line('spread', middle, heightOf(ratio.min), middle, heightOf(ratio.max)),
    ].join('')
  })
  return [...lines, label(left, PLOT.top + PLOT.height + 18, work)].join('\n')
}

function axis(width: number): string[] {
  const steps = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]
  return steps.flatMap((step) => [
    line(step === 1 ? 'one' : 'line', PLOT.left, heightOf(step), width, heightOf(step)),
    label(8, heightOf(step) + 4, step < 1 ? `1/${1 / step}` : `${step}×`),
  ])
}

/** One is in the middle; twice and half are as far from it. */
function heightOf(ratio: number): number {
  const share = Math.log2(Math.min(MOST, Math.max(LEAST, ratio)) / LEAST) / Math.log2(MOST / LEAST)
  return Math.round((PLOT.top + PLOT.height * (1 - share)) * 10) / 10
}

function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`
}

function label(x: number, y: number, text: string): string {
  return `<text x="${x}" y="${y}">${text.replace(/[<&]/g, (one) => (one === '<' ? '&lt;' : '&amp;'))}</text>`
}
