import { Recent } from './recent.js'

/**
 * IP addresses and ports as text in canonical form (`127.0.0.1`, `2001:db8::1`, lower case, longest run of zeros
 * shortened as RFC 5952 says, IPv4-mapped IPv6 written as IPv4), so that equal addresses are equal strings.
 */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** 4 or 16 bytes, or `undefined` for anything that is no IP address. Zones (`%eth0`) are not accepted. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

export function isIpv6(address: string): boolean {
  return address.includes(':')
}

/** The canonical form of a text, or `undefined` if it is no IP address. */
export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text)
  return bytes === undefined ? undefined : formatIp(bytes)
}

export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text(bytes, 0)
  if (isMapped(bytes)) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number))
  const run = longestZeroRun(groups)
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  if (run.length < 2) return hex(groups)
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
}

/** By their bytes as one number. */
const ipv4Texts = new Recent((ip: number) => `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`)

/** Of the four bytes from `at` on. */
export function ipv4Text(bytes: Uint8Array, at: number): string {
  const byte = (i: number) => bytes[at + i] as number
  return ipv4Texts.of((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3))
}

/** The network that an address is in, as text; of another family than any other. */
export function networkOf(address: string, prefix: number): string | undefined {
  const ip = parseIp(address)
  if (ip === undefined || prefix > 8 * ip.byteLength) return undefined
  return `${ip.byteLength} ${prefix} ${maskedIp(ip, prefix).join('.')}`
}

/** Its bits beyond the prefix are 0. */
export function maskedIp(ip: Uint8Array, prefix: number): Uint8Array {
  return ip.map((byte, i) => byte & (0xff << Math.max(0, Math.min(8, 8 * (i + 1) - prefix))))
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}

/** `10.0.0.1:80`, `[::1]:80`; `undefined` for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const address = canonicalIp(match[1] ?? match[2] ?? '')
  const port = Number(match[3])
  return address === undefined || !isPort(port) ? undefined : { address, port }
}

export function formatEndpoint(endpoint: Endpoint): string {
  return isIpv6(endpoint.address) ? `[${endpoint.address}]:${endpoint.port}` : `${endpoint.address}:${endpoint.port}`
}

const DOT = 46
const ZERO = 48

/** Digit by digit: it is called several times for each connection. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4)
  let part = 0
  let digits = 0
  let value = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      if (digits === 0 || part === 3) return undefined
      bytes[part++] = value
      digits = 0
      value = 0
      continue
    }
    // A leading zero is refused: some programs read it as octal, and then two readers disagree about one address.
    if (code < ZERO || code > ZERO + 9 || (digits > 0 && value === 0)) return undefined
    value = 10 * value + code - ZERO
    digits++
    if (value > 255) return undefined
  }
  if (part !== 3 || digits === 0) return undefined
  bytes[3] = value
  return bytes
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(parseGroups)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(tail === undefined ? 0 : missing).fill(0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const v4 = i === parts.length - 1 ? parseIpv4(part) : undefined
      if (v4 === undefined) return undefined
      groups.push(((v4[0] as number) << 8) | (v4[1] as number), ((v4[2] as number) << 8) | (v4[3] as number))
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}
