/** The ports of a service: `8080`, `8080,8443`, `7000-7010`, `any`, `any,!22`. */
import { isPort } from '../base/address.js'

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** In ascending order; ranges neither touch nor overlap, so equal sets of ports are equal lists. Never empty. */
export type PortList = readonly PortRange[]

/** Up to so many are listened on one by one, as they are declared; of more, those on which some node listens. */
export const PORTS_MAX = 64

const ANY = 'any'
const ALL: PortRange = { first: 1, last: 65_535 }

/** Not declared one by one: which ones are served follows from who listens. */
export function areFoundPorts(ports: PortList): boolean {
  return countPorts(ports) > PORTS_MAX
}

export type ParsedPorts =
  | { readonly type: 'ports'; readonly ports: PortList }
  | { readonly type: 'problem'; readonly problem: string; readonly hint: string }

/** Blanks around numbers are allowed, and ports may be named twice; what is left out is left out wherever it stands. */
export function parsePorts(text: string): ParsedPorts {
  const parts = text.split(',', PORTS_MAX + 1).map((part) => part.trim())
  if (parts.length > PORTS_MAX) return problem(`more than ${PORTS_MAX} ports and ranges`)
  const [named, excepted]: [PortRange[], PortRange[]] = [[], []]
  for (const part of parts) {
    const range = part.toLowerCase() === ANY ? ALL : parseRange(part.replace(/^!\s*/, ''))
    if (range === undefined) return problem(`'${part}' is no port or range of ports`)
    if (part.startsWith('!')) excepted.push(range)
    else named.push(range)
  }
  const ports = mergeRanges(excepted).reduce(without, mergeRanges(named))
  return ports.length === 0 ? problem(`'${text.slice(0, 80)}' leaves no port`) : { type: 'ports', ports }
}

/** What `parsePorts` reads: `8080,9000-9010`. */
export function formatPorts(ports: PortList): string {
  if (ports[0]?.first === ALL.first && ports[0].last === ALL.last) return ANY
  return ports.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

export function includesPort(ports: PortList, port: number): boolean {
  return ports.some(({ first, last }) => first <= port && port <= last)
}

/** Every single port, ascending. */
export function expandPorts(ports: PortList): number[] {
  return ports.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
}

/** The lowest port that both have. */
export function sharedPort(a: PortList, b: PortList): number | undefined {
  let lowest: number | undefined
  for (const left of a) {
    for (const right of b) {
      const first = Math.max(left.first, right.first)
      if (first <= Math.min(left.last, right.last)) lowest = Math.min(first, lowest ?? first)
    }
  }
  return lowest
}

function countPorts(ports: PortList): number {
  return ports.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(text)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2] ?? match[1])
  return isPort(first) && isPort(last) && first <= last ? { first, last } : undefined
}

/** All but one range. */
function without(ports: PortRange[], { first, last }: PortRange): PortRange[] {
  return ports.flatMap((range) => {
    const below = { first: range.first, last: Math.min(range.last, first - 1) }
    const above = { first: Math.max(range.first, last + 1), last: range.last }
    return [below, above].filter((part) => part.first <= part.last)
  })
}

function mergeRanges(ranges: PortRange[]): PortRange[] {
  const merged: PortRange[] = []
  for (const range of ranges.sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1)
    if (before === undefined || range.first > before.last + 1) merged.push(range)
    else merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return merged
}

function problem(text: string): ParsedPorts {
  return {
    type: 'problem',
    problem: text,
    hint: 'write ports from 1 to 65535 like 8080, 8080,8443, 7000-7010, any or any,!22',
  }
}

/** Of a text that was judged before; none of one that is wrong. */
export function portsOfText(text: string): readonly number[] {
  const parsed = parsePorts(text)
  return parsed.type === 'ports' ? expandPorts(parsed.ports) : []
}
