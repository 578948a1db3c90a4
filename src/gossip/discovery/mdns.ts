/**
 * What nodes of a cluster say on a LAN to find each other: DNS service discovery (RFC 6763) by multicast DNS (RFC 6762). The
 * question names the cluster by a tag made of its key, one-way, so clusters on one LAN do not answer each other. An answer is
 * an address and no more; what makes a member is the proof of the key.
 */
import { canonicalIp, type Endpoint, isIpv6, isLoopback, isPort, isWildcard } from '../../base/address.js'
import { fromUtf8 } from '../../base/bytes.js'
import type { Prng } from '../../base/prng.js'
import type { Millis } from '../../base/time.js'

const SERVICE = '_baton._udp.local'
/** Of one packet; a LAN with more nodes answers in more packets. */
const CANDIDATES_MAX = 64
const ANSWER_TTL_S = 120
/** As long as a frame: a node speaks for itself alone, and who repeats between LANs repeats one datagram at a time. */
const DATAGRAM_BYTES_MAX = 1_500
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

/**
 * Whether a datagram may be about this cluster: cheap, since port 5353 hears all that a LAN says of its printers, and to take a
 * datagram apart costs up to 10 ms for 9,000 bytes of names that point at names. Ours have some 150 bytes.
 */
export function mayConcern(datagram: Uint8Array, tag: string): boolean {
  if (datagram.byteLength > DATAGRAM_BYTES_MAX) return false
  // A name is there in full at least once, whatever points at it (RFC 1035, 4.1.4).
  return fromUtf8(datagram).toLowerCase().includes(`_${tag}`)
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

/**
 * Where nodes of the cluster say that they are, but for this one. Total, whatever the records are, and its time grows with their
 * number alone: one datagram has room for thousands that all name each other.
 */
export function candidatesIn(records: unknown, tag: string, instance: string): Endpoint[] {
  const all = asList(records)
  const own = `${instance}.${SERVICE}`
  const pointed = new Set<string>()
  const servers = new Map<string, Map<string, Endpoint>>()
  const addresses = new Map<string, Set<string>>()
  const question = questionOf(tag).name
  for (const { name: asWritten, type, data } of all) {
    const name = textOf(asWritten)
    if (type === 'PTR' && name === question && textOf(data) !== own) pointed.add(textOf(data))
    if (type === 'SRV') keepServer(servers, name, asRecord(data))
    if (type === 'A' || type === 'AAAA') keepAddress(addresses, name, canonicalIp(textOf(data)))
  }
  const found = new Map<string, Endpoint>()
  for (const name of pointed) {
    for (const { address: target, port } of servers.get(name)?.values() ?? []) {
      for (const address of addresses.get(target) ?? []) {
        found.set(`${address} ${port}`, { address, port })
        if (found.size === CANDIDATES_MAX) return [...found.values()]
      }
    }
  }
  return [...found.values()]
}

/** `address`: the name of the host. */
function keepServer(servers: Map<string, Map<string, Endpoint>>, name: string, data: Record<string, unknown>): void {
  const { target, port } = data
  if (typeof port !== 'number' || !isPort(port)) return
  const known = servers.get(name) ?? new Map<string, Endpoint>()
  servers.set(name, known.set(`${textOf(target)} ${port}`, { address: textOf(target), port }))
}

function keepAddress(addresses: Map<string, Set<string>>, name: string, address: string | undefined): void {
  if (address === undefined || isWildcard(address) || isLoopback(address)) return
  addresses.set(name, (addresses.get(name) ?? new Set()).add(address))
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
