/** A packet trace as a figure: three hosts side by side, time downwards, an arrow for each packet. */
import type { Packet } from './takeover-trace.js'

const [WIDTH, LEFT, STEP, TOP] = [1_000, 190, 300, 74]
const [ROW, GAP] = [30, 16]
const LABEL_CHARACTERS_MAX = 46

/** Link addresses of the hosts, as the lifelines stand from left to right. */
export interface Lifelines {
  readonly old: string
  readonly client: string
  readonly next: string
}

export interface Mark {
  readonly at: number
  readonly text: string
}

/** `told`: what is written above the arrow of a packet. */
export function drawTrace(
  packets: readonly Packet[],
  lifelines: Lifelines,
  marks: readonly Mark[],
  told: (packet: Packet) => string,
): string {
  const x = (link: string) => LEFT + STEP * [lifelines.old, lifelines.client, lifelines.next].indexOf(link)
  const rows: (Packet | Mark)[] = [...packets, ...marks].sort((a, b) => a.at - b.at)
  const height = TOP + rows.length * (ROW + GAP / 2) + 30
  const parts: string[] = []
  let y = TOP
  for (const row of rows) {
    y += ROW + GAP / 2
    parts.push(text(LEFT - 80, y, `${row.at.toFixed(1)} ms`, 'end', '#555'))
    if (!isPacket(row)) {
      parts.push(
        line(LEFT - 70, y - 4, WIDTH - 40, y - 4, '#b00020', '5 4'),
        text(LEFT - 60, y - 9, row.text, 'start', '#b00020'),
      )
      continue
    }
    const from = x(row.from)
    const isForAll = !Object.values(lifelines).includes(row.to)
    const to = isForAll ? x(row.from === lifelines.client ? lifelines.next : lifelines.client) : x(row.to)
    const isLost = row.to === lifelines.old && row.at > 0
    const end = isLost ? (from + to) / 2 : to
    const colour = row.kind === 'arp' ? '#00695c' : row.isReply ? '#0d47a1' : '#333'
    parts.push(arrow(from, end, y, colour, isForAll ? '2 3' : ''))
    if (isLost) parts.push(text(end, y + 5, '✕', 'middle', '#b00020'))
    parts.push(text((from + to) / 2, y - 5, told(row).slice(0, LABEL_CHARACTERS_MAX), 'middle', colour))
  }
  const heads = [
    [lifelines.old, 'old director'],
    [lifelines.client, 'client'],
    [lifelines.next, 'next director'],
  ] as const
  const lines = heads.flatMap(([link, name]) => [
    text(x(link), TOP - 34, name, 'middle', '#000', 'bold'),
    line(x(link), TOP - 24, x(link), height - 16, '#bbb', ''),
  ])
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    '<title>The packets of one takeover: two clients, the director that is killed, and the next</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...lines,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function text(x: number, y: number, words: string, anchor: string, colour: string, weight = 'normal'): string {
  const safe = words.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}" font-weight="${weight}">${safe}</text>`
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, dashes: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-dasharray="${dashes}"/>`
}

function arrow(from: number, to: number, y: number, colour: string, dashes: string): string {
  const back = to > from ? -7 : 7
  const head = `M${to} ${y} l${back} -4 v8 z`
  return `${line(from, y, to, y, colour, dashes)}<path d="${head}" fill="${colour}"/>`
}

function isPacket(row: Packet | Mark): row is Packet {
  return 'kind' in row
}
