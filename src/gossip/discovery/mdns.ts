/**
 * What nodes of a cluster say on a LAN to find each other: DNS service discovery (RFC 6763) by multicast DNS (RFC 6762). The
 * question names the cluster by a tag made of its key, one-way, so clusters on one LAN do not answer each other. An answer is
 * an address and no more; what makes a member is the proof of the key.
 */
import { canonicalIp, type Endpoint, isIpv6, isLoopback, isPort, isWildcard } from '../../base/address.js'
import type { Prng } from '../../base/prng.js'
import type { Millis } from '../../base/time.js'

const SERVICE = '_baton._udp.local'
/** Of one packet; a LAN with more nodes answers in more packets. */
const CANDIDATES_MAX = 64
const ANSWER_TTL_S = 120
/** RFC 6762, 5.2: not all that were switched on together at once, then less and less often. */
const FIRST_MS = { low: 20, high: 120 }
const AGAIN_FIRST_MS: Millis = 1_000
const AGAIN_MS_MAX: Millis = 60_000

/** As multicast-dns has them; what comes from the network may have any other shape. */
export interface MdnsRecord {
  readonly name: string
  readonly type: 'PTR' | 'SRV' | 'A' | 'AAAA'
  readonly ttl: number
  readonly data: string | { readonly target: string; readonly port: number }
}

/** 16 hex digits. */
export function questionOf(tag: string): { readonly name: string; readonly type: 'PTR' } {
  return { name: `_${tag}._sub.${SERVICE}`, type: 'PTR' }
}

/** Total. */
export function asksFor(questions: unknown, tag: string): boolean {
  const { name, type } = questionOf(tag)
  return asList(questions).some((one) => textOf(one['name']) === name && one['type'] === type)
}

/** `instance`: tells nodes apart, such as the beginning of an id. */
export function answersOf(tag: string, instance: string, at: Endpoint): MdnsRecord[] {
  const [name, target] = [`${instance}.${SERVICE}`, `${instance}.local`]
  const ttl = ANSWER_TTL_S
  return [
    { ...questionOf(tag), ttl, data: name },
    { name, type: 'SRV', ttl, data: { target, port: at.port } },
    { name: target, type: isIpv6(at.address) ? 'AAAA' : 'A', ttl, data: at.address },
  ]
}

/** Where nodes of the cluster say that they are, but for this one. Total, whatever the records are. */
export function candidatesIn(records: unknown, tag: string, instance: string): Endpoint[] {
  const all = asList(records)
  const of = (type: string, name: string) => all.filter((one) => one['type'] === type && textOf(one['name']) === name)
  const found = new Map<string, Endpoint>()
  for (const { data: pointed } of of('PTR', questionOf(tag).name)) {
    const name = textOf(pointed)
    if (name === `${instance}.${SERVICE}`) continue
    for (const { data } of of('SRV', name)) {
      const { target, port } = asRecord(data)
      if (typeof port !== 'number' || !isPort(port)) continue
      for (const type of ['A', 'AAAA']) {
        for (const { data: ip } of of(type, textOf(target))) {
          const address = canonicalIp(textOf(ip))
          if (address === undefined || isWildcard(address) || isLoopback(address)) continue
          if (found.size < CANDIDATES_MAX) found.set(`${address} ${port}`, { address, port })
        }
      }
    }
  }
  return [...found.values()]
}

/** How long until the next question; `asked`: how many there were. */
export function questionDelay(asked: number, random: Prng): Millis {
  if (asked === 0) return random.between(FIRST_MS.low, FIRST_MS.high)
  return Math.min(AGAIN_MS_MAX, AGAIN_FIRST_MS * 2 ** (asked - 1))
}

function asList(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(asRecord) : []
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

/** Names are the same in any case (RFC 1035, 2.3.3). */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : ''
}
