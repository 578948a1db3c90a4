/** Services on the left, nodes on the right: a thick line to who directs, thin ones to the programs. */
import type { Millis } from '../base/time.js'
import { clipped, figure, text } from './markup.js'
import type { NodeCard, Overview, ServiceCard } from './ports.js'

/** Of each column; the rest is a number. */
export const ROWS_MAX = 16
/** Lines to programs. */
const THIN_MAX = 64
/** For so long the line to a new director stands out. */
export const FRESH_MS: Millis = 15_000

const ROW = 58
const BOX = 44
const TOP = 8

export interface Shape {
  readonly name: 'wide' | 'narrow'
  readonly width: number
  readonly left: number
  readonly right: number
  /** Signs of a name that fit. */
  readonly signs: number
}

export const WIDE: Shape = { name: 'wide', width: 760, left: 250, right: 250, signs: 26 }
export const NARROW: Shape = { name: 'narrow', width: 340, left: 132, right: 132, signs: 14 }

export function topology(overview: Overview, shape: Shape): string {
  const services = overview.services.slice(0, ROWS_MAX)
  const nodes = overview.nodes.slice(0, ROWS_MAX)
  const rows = Math.max(1, services.length, nodes.length)
  const yOf = (i: number, count: number) => TOP + BOX / 2 + i * ROW + ((rows - count) * ROW) / 2
  const at = new Map(nodes.map(({ name }, i) => [name, yOf(i, nodes.length)]))
  const fresh = freshServices(overview)
  const [x1, x2] = [shape.left, shape.width - shape.right]
  const curve = (from: number, to: number, name: string, title: string) => {
    const bend = (x2 - x1) / 2
    return `<path class="${name}" d="M${x1} ${from}C${x1 + bend} ${from} ${x2 - bend} ${to} ${x2} ${to}"><title>${text(title)}</title></path>`
  }
  const thin = services.flatMap((service, i) =>
    [...new Set(service.backends.map(({ node }) => node))].flatMap((node) => {
      const to = at.get(node)
      const mine = service.backends.filter((backend) => backend.node === node)
      const isUp = mine.some(({ state }) => state === 'healthy')
      const title = `${service.name}: ${node} ${isUp ? 'serves' : (mine[0]?.state ?? '')}`
      return to === undefined ? [] : curve(yOf(i, services.length), to, isUp ? 'serves' : 'serves not', title)
    }),
  )
  const ends: string[] = []
  const thick = services.flatMap((service, i) => {
    const to = service.director === undefined ? undefined : at.get(service.director)
    if (to === undefined) return []
    const from = yOf(i, services.length)
    const name = fresh.has(service.name) ? 'directs fresh' : 'directs'
    ends.push(`<circle class="${name}" cx="${x2}" cy="${to}" r="4.5"/>`)
    return curve(from, to, name, `${service.director} directs ${service.name}, term ${service.term}`)
  })
  const boxes = [
    ...services.map((service, i) => serviceBox(service, yOf(i, services.length), shape)),
    ...nodes.map((node, i) => nodeBox(node, yOf(i, nodes.length), shape, overview.services)),
  ]
  const height = rows * ROW + TOP
  // Beyond that they are a veil, and most of the page.
  const veil = thin.length > THIN_MAX ? [] : thin
  return `<svg class="topology ${shape.name}" viewBox="0 0 ${shape.width} ${height}" role="img" aria-label="who directs and who serves">${veil.join('')}${thick.join('')}${boxes.join('')}${ends.join('')}</svg>`
}

/** Who has changed its director a moment ago. */
export function freshServices({ events, at }: Overview): Set<string> {
  const recent = events.filter((event) => event.isHandover && at - event.at < FRESH_MS)
  return new Set(recent.flatMap(({ service }) => service ?? []))
}

function serviceBox({ name, address, ports, director, serving }: ServiceCard, y: number, shape: Shape): string {
  const tone = director === undefined ? ' bad' : serving === 'yes' ? '' : ' warn'
  const where = shape.name === 'wide' ? `${address} · ${ports}` : address
  return box(0, y, shape.left, `service${tone}`, clipped(name, shape.signs), clipped(where, shape.signs + 4))
}

function nodeBox(node: NodeCard, y: number, shape: Shape, services: readonly ServiceCard[]): string {
  const directed = services.filter(({ director }) => director === node.name).length
  const served = services.filter(({ backends }) =>
    backends.some((one) => one.node === node.name && one.state === 'healthy'),
  )
  const splices = services.flatMap(({ backends }) => backends.filter((one) => one.node === node.name))
  const count = splices.reduce((sum, one) => sum + one.splices, 0)
  const words = [
    node.state === 'alive' ? '' : node.state,
    node.role === 'node' ? '' : node.role,
    node.drained ? 'drained' : '',
    directed > 0 ? `directs ${figure(directed)}` : '',
    served.length > 0 ? `serves ${figure(served.length)}` : '',
    count > 0 && shape.name === 'wide' ? `${figure(count)} open` : '',
  ].filter((word) => word !== '')
  const tone = node.state === 'alive' ? '' : node.state === 'suspect' ? ' warn' : ' bad'
  const own = node.self ? ' self' : ''
  return box(
    shape.width - shape.right,
    y,
    shape.right,
    `node${tone}${own}`,
    clipped(node.name, shape.signs),
    clipped(words.join(' · ') || 'standby', shape.signs + (shape.name === 'wide' ? 10 : 6)),
  )
}

function box(x: number, y: number, width: number, name: string, title: string, below: string): string {
  return (
    `<g class="box ${name}"><rect x="${x + 1}" y="${y - BOX / 2}" width="${width - 2}" height="${BOX}" rx="10"/>` +
    `<text class="title" x="${x + 14}" y="${y - 2}">${title}</text><text class="below" x="${x + 14}" y="${y + 14}">${below}</text></g>`
  )
}
