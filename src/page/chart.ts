/** Lines over time as SVG: small ones without axes, and the hour's with marks where a director changed. */
import type { Millis } from '../base/time.js'
import { bytes, figure, text } from './markup.js'
import type { Happening, History } from './ports.js'

/** Points of one line: more could not be told apart, and would be most of the page. */
const POINTS_MAX = 120

/** The greatest of each bucket: a short peak stays to be seen. */
export function thinned(values: readonly number[], most = POINTS_MAX): number[] {
  if (values.length <= most) return [...values]
  return Array.from({ length: most }, (_, i) => {
    const [from, to] = [Math.floor((i * values.length) / most), Math.floor(((i + 1) * values.length) / most)]
    return Math.max(...values.slice(from, to))
  })
}

interface Area {
  readonly width: number
  readonly height: number
  /** The value at the upper edge. */
  readonly top: number
}

function pointsOf(values: readonly number[], { width, height, top }: Area): string {
  const step = values.length < 2 ? 0 : width / (values.length - 1)
  return values.map((value, i) => `${round(i * step)},${round(height - (value / top) * height)}`).join(' ')
}

/** A line and what is under it. */
function lineOf(values: readonly number[], area: Area, name: string): string {
  const points = pointsOf(values, area)
  return (
    `<polygon class="under ${name}" points="0,${area.height} ${points} ${area.width},${area.height}"/>` +
    `<polyline class="line ${name}" points="${points}"/>`
  )
}

/** Without axes, beside a figure that says the last value. */
export function sparkline(values: readonly number[], label: string, name = ''): string {
  const area = { width: 120, height: 28, top: Math.max(1, ...values) }
  const drawn = values.length < 2 ? '' : lineOf(thinned(values, 40), area, name)
  return `<svg class="spark" viewBox="0 -2 120 32" preserveAspectRatio="none" role="img" aria-label="${text(label)}">${drawn}</svg>`
}

const WIDTH = 720
const HEIGHT = 150

/** Connections, with an upright line for each change of a director. */
export function hourChart(history: History, events: readonly Happening[]): string {
  const spanMs: Millis = Math.max(1, history.splices.length - 1) * history.stepMs
  const xOf = (at: Millis) => WIDTH - ((history.endAt - at) / spanMs) * WIDTH
  const marks = events
    .filter(({ isHandover, at }) => isHandover && xOf(at) >= 0 && xOf(at) <= WIDTH)
    .slice(0, 40)
    .map(({ at, text: what }) => {
      const x = round(xOf(at))
      return `<g class="mark"><title>${text(what)}</title><line x1="${x}" x2="${x}" y1="-4" y2="${HEIGHT}"/><circle cx="${x}" cy="-4" r="3"/></g>`
    })
    .join('')
  const top = roundUp(Math.max(1, ...history.splices))
  const grid = [0, 0.5, 1].map((part) => {
    const y = round(HEIGHT * (1 - part))
    const label = part === 0 ? '' : `<text class="axis" x="4" y="${y + 12}">${figure(top * part)}</text>`
    return `<line class="grid" x1="0" x2="${WIDTH}" y1="${y}" y2="${y}"/>${label}`
  })
  const times = timesOf(spanMs).map(([at, label]) => {
    const x = round(WIDTH - (at / spanMs) * WIDTH)
    return `<text class="axis" x="${x}" y="${HEIGHT + 16}" text-anchor="${x < 20 ? 'start' : x > WIDTH - 20 ? 'end' : 'middle'}">${label}</text>`
  })
  const area = { width: WIDTH, height: HEIGHT, top }
  const drawn = history.splices.length < 2 ? '' : lineOf(thinned(history.splices), area, '')
  return `<svg class="hour" viewBox="0 -10 ${WIDTH} ${HEIGHT + 30}" role="img" aria-label="connections of the last hour">${grid.join('')}${drawn}${marks}${times.join('')}</svg>`
}

/** Two thin bands: bytes from clients and to them, each in a scale of its own. */
export function bytesBands({ up, down }: History): string {
  return (['up', 'down'] as const)
    .map((way) => {
      const values = way === 'up' ? up : down
      const label = `${way === 'up' ? 'from clients' : 'to clients'}, ${bytes(values.at(-1) ?? 0)}/s`
      const area = { width: WIDTH, height: 34, top: Math.max(1, ...values) }
      const drawn = values.length < 2 ? '' : lineOf(thinned(values), area, way)
      return `<figure class="band"><figcaption>${label}</figcaption><svg viewBox="0 -2 ${WIDTH} 38" preserveAspectRatio="none" role="img" aria-label="bytes ${label}">${drawn}</svg></figure>`
    })
    .join('')
}

function timesOf(spanMs: Millis): [Millis, string][] {
  const minutes = Math.round(spanMs / 60_000)
  if (minutes < 2) return [[0, 'now']]
  const step = minutes > 30 ? 15 : minutes > 10 ? 5 : 1
  const found: [Millis, string][] = [[0, 'now']]
  for (let at = step; at <= minutes; at += step) found.push([at * 60_000, `−${at} min`])
  return found.filter(([at]) => at <= spanMs)
}

/** To a round number, so that the scale stands still while the line moves. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 1.5, 2, 3, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
