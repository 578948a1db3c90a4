/**
 * To where programs may connect under a service's address: a list of networks with ports, by commas, of which one has to fit.
 *
 *     any            everything          10.0.0.0/8      that network, every port
 *     any:443        that port           10.1.2.3:5432   that host and port
 *     [2001:db8::/32]:8000-8100
 */
import { type Endpoint, isIpv6, isLoopback, isPort, isWildcard, parseIp } from '../base/address.js'
import { isWithin, type Network, parseNetwork } from '../base/network.js'

export const RULES_MAX = 32

interface Rule {
  /** `undefined`: every address. */
  readonly net: Network | undefined
  readonly first: number
  readonly last: number
}

export type ParsedRules =
  | { readonly type: 'rules'; readonly rules: readonly Rule[]; readonly text: string }
  | { readonly type: 'problem'; readonly problem: string }

export const RULES_HINT =
  'write networks with ports by commas, such as 10.0.0.0/8,192.0.2.7:5432,any:443, or any, or none'

const ENTRY_LENGTH_MAX = 70
const ENTRY =
  /^(?:\[([^\]]{2,50})\]|([^:[\]]{1,50})|([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d{1,3})?))(?::(\d{1,5})(?:-(\d{1,5}))?)?$/i

/** Empty: nothing is allowed. `text` is the list as it is kept. */
export function parseRules(text: string): ParsedRules {
  if (text === '') return { type: 'rules', rules: [], text }
  const parts = text.split(',')
  if (parts.length > RULES_MAX) return { type: 'problem', problem: `has ${parts.length} entries, at most ${RULES_MAX}` }
  const rules: Rule[] = []
  for (const part of parts) {
    const rule = parseRule(part.trim())
    if (rule === undefined) return { type: 'problem', problem: `'${part.slice(0, 60)}' is no network with ports` }
    rules.push(rule)
  }
  return { type: 'rules', rules, text: rules.map(formatRule).join(',') }
}

/** Lists that were parsed before: few services have one. */
const known = new Map<string, readonly Rule[]>()
const KNOWN_MAX = 1_024

/** Of a text that was judged before; none of one that is wrong. */
export function rulesOf(text: string): readonly Rule[] {
  const before = known.get(text)
  if (before !== undefined) return before
  const parsed = parseRules(text)
  const rules = parsed.type === 'rules' ? parsed.rules : []
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(text, rules)
  return rules
}

/**
 * Why nobody may connect there under `from`; empty: one may. The director's own loopback and what stands for no host are
 * nobody's to reach, whatever the rules say.
 */
export function objectionTo(to: Endpoint, from: string, rules: readonly Rule[]): string {
  const first = parseIp(to.address)?.[0]
  if (first === undefined || !isPort(to.port)) return 'is no address with a port'
  const isMulticast = isIpv6(to.address) ? first === 0xff : first >= 224
  if (isLoopback(to.address)) return 'is a loopback address, and the director would reach its own host'
  if (isWildcard(to.address) || isMulticast || (first === 0 && !isIpv6(to.address))) return 'is no address of a host'
  if (to.address === from) return 'is the address of the service itself'
  if (isIpv6(to.address) !== isIpv6(from)) return `cannot be reached from ${from}, which is of the other family`
  return rules.some((rule) => fits(rule, to)) ? '' : 'is not among the destinations that the service allows'
}

function fits({ net, first, last }: Rule, { address, port }: Endpoint): boolean {
  if (port < first || port > last) return false
  return net === undefined || isWithin(address, net)
}

function parseRule(text: string): Rule | undefined {
  const match = text.length > ENTRY_LENGTH_MAX ? null : ENTRY.exec(text)
  if (match === null) return undefined
  const [, bracketed, plain, bare, from, to] = match
  const where = bracketed ?? plain ?? bare ?? ''
  const net = where === 'any' ? undefined : parseNetwork(where)
  if (net === undefined && where !== 'any') return undefined
  const first = from === undefined ? 1 : Number(from)
  const last = to === undefined ? (from === undefined ? 65_535 : first) : Number(to)
  return isPort(first) && isPort(last) && first <= last ? { net, first, last } : undefined
}

function formatRule({ net, first, last }: Rule): string {
  const bits = net === undefined ? 0 : isIpv6(net.address) ? 128 : 32
  const where = net === undefined ? 'any' : `${net.address}${net.prefix === bits ? '' : `/${net.prefix}`}`
  if (first === 1 && last === 65_535) return where
  const ports = first === last ? String(first) : `${first}-${last}`
  return net !== undefined && isIpv6(net.address) ? `[${where}]:${ports}` : `${where}:${ports}`
}
