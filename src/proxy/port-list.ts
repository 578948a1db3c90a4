/** The ports of a service: `8080`, `8080,8443`, `7000-7010`, or `any`: those on which some node listens. */
import { isPort } from '../base/address.js'

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** In ascending order; ranges neither touch nor overlap, so equal sets of ports are equal lists. Never empty. */
export type PortList = readonly PortRange[]

/** Each port may be a listening socket of the director. */
export const PORTS_MAX = 64

const ANY = 'any'
export const ANY_PORTS: PortList = [{ first: 1, last: 65_535 }]

/** Not declared one by one: which ones are served follows from who listens. */
export function isAnyPorts(ports: PortList): boolean {
  return ports[0]?.first === 1 && ports[0].last === 65_535
}

export type ParsedPorts =
  | { readonly type: 'ports'; readonly ports: PortList }
  | { readonly type: 'problem'; readonly problem: string; readonly hint: string }

/** Blanks around numbers are allowed, and ports may be named twice. */
export function parsePorts(text: string): ParsedPorts {
  if (text.trim().toLowerCase() === ANY) return { type: 'ports', ports: ANY_PORTS }
  const ranges: PortRange[] = []
  for (const part of text.split(',', PORTS_MAX + 1)) {
    const range = parseRange(part.trim())
    if (range === undefined) return problem(`'${part.trim()}' is no port or range of ports`)
    ranges.push(range)
  }
  const ports = mergeRanges(ranges)
  const count = countPorts(ports)
  if (isAnyPorts(ports)) return { type: 'ports', ports }
  if (ranges.length > PORTS_MAX || count > PORTS_MAX) {
    return {
      type: 'problem',
      problem: `${ranges.length > PORTS_MAX ? `more than ${PORTS_MAX}` : count} ports, at most ${PORTS_MAX} are possible`,
      hint: 'write any for all ports on which programs listen, or spread them over several services with the same address',
    }
  }
  return { type: 'ports', ports }
}

/** What `parsePorts` reads: `8080,9000-9010`. */
export function formatPorts(ports: PortList): string {
  if (isAnyPorts(ports)) return ANY
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
    hint: 'write ports from 1 to 65535 like 8080, 8080,8443 or 7000-7010, or any',
  }
}
