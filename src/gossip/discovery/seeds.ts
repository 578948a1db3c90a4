/** `--seed host:port`: where to look for a first member. Parsing only; names are looked up in seeds.io. */
import { type Endpoint, formatEndpoint, isPort, isWildcard, parseEndpoint } from '../../base/address.js'

export type Seed =
  | { readonly type: 'address'; readonly at: Endpoint }
  /** A host name, in lower case, to be looked up anew each time. */
  | { readonly type: 'host'; readonly host: string; readonly port: number }

export type ParsedSeed =
  | { readonly type: 'seed'; readonly seed: Seed }
  | { readonly type: 'problem'; readonly problem: string; readonly hint: string }

const HINT = 'write it as HOST:PORT, for example 10.0.0.1:7440, [2001:db8::1]:7440 or node1.example:7440'
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

export function parseSeed(text: string): ParsedSeed {
  const shown = text.slice(0, 300)
  const at = parseEndpoint(text)
  if (at !== undefined && isWildcard(at.address)) {
    return { type: 'problem', problem: `seed '${shown}' names every address of a host, not one`, hint: HINT }
  }
  if (at !== undefined) return { type: 'seed', seed: { type: 'address', at } }
  const match = /^([^:[\]]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  const host = match?.[1]?.toLowerCase() ?? ''
  if (!isHostName(host)) return { type: 'problem', problem: `seed '${shown}' is no host with a port`, hint: HINT }
  if (!isPort(port)) {
    return { type: 'problem', problem: `seed '${shown}' has port ${port}; ports go from 1 to 65535`, hint: HINT }
  }
  return { type: 'seed', seed: { type: 'host', host, port } }
}

/** What `parseSeed` reads. */
export function formatSeed(seed: Seed): string {
  return seed.type === 'address' ? formatEndpoint(seed.at) : `${seed.host}:${seed.port}`
}

/** RFC 1123, and underscores, which real networks have. A last label of digits would be a mistyped IPv4 address. */
function isHostName(host: string): boolean {
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.')
  return host.length <= 253 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
}
