/**
 * What a node says about itself to all others (gossip carries it as opaque bytes): which programs listen on it, how
 * the services that it directs are doing, what its checks say, which services of mode `single` it hosts, and its release. Sections
 * `type u8 | length u32 | value`; one that a newer release added is skipped. Together they fit one fact of gossip: listeners
 * first, then what is hosted, then health; rows that find no room are left out.
 */
import { ByteReader, ByteWriter, fromUtf8, utf8 } from '../base/bytes.js'
import { FACT_BYTES_MAX } from '../gossip/facts.js'
import { decodeHealth, encodeHealth, type HealthRow } from '../health/health-rows.js'
import { decodeTenures, encodeTenures, type Tenure } from '../hosting/tenure-rows.js'

const SECTION = { listeners: 1, serving: 2, health: 3, hosting: 4, load: 5, release: 6 } as const
const SECTION_HEADER_BYTES = 5
/** A problem is for people, not for programs. */
const PROBLEM_CHARACTERS_MAX = 300
const RELEASE_BYTES_MAX = 63

/** A director's own word: `problem` is empty when all ports accept connections. */
export interface Serving {
  readonly service: string
  readonly term: number
  readonly state: 'starting' | 'serving' | 'unable'
  readonly problem: string
}

export interface NodeFacts {
  /** As proxy/listener-codec wrote them. */
  readonly listeners: Uint8Array
  readonly serving: readonly Serving[]
  /** How much of its host is busy, in thousandths; `undefined`: it does not say. */
  readonly loadPermille?: number | undefined
  readonly health: readonly HealthRow[]
  readonly hosting: readonly Tenure[]
  /** Of Baton; releases before 0.2 do not say. */
  readonly release?: string | undefined
}

/** Of all rows of health: what serves clients must find room too. */
const HEALTH_BYTES_MAX = 16_384

const STATES: readonly Serving['state'][] = ['starting', 'serving', 'unable']

export function encodeNodeFacts({ listeners, serving, health, hosting, loadPermille, release }: NodeFacts): Uint8Array {
  const load = loadPermille === undefined ? undefined : new ByteWriter().u32(loadPermille).finish()
  const loadBytes = load === undefined ? 0 : load.byteLength + SECTION_HEADER_BYTES
  const own = utf8(release ?? '').subarray(0, RELEASE_BYTES_MAX)
  const freeBytes = FACT_BYTES_MAX - listeners.byteLength - loadBytes - own.byteLength - 5 * SECTION_HEADER_BYTES
  const hostingBytes = encodeTenures(hosting, freeBytes)
  const left = freeBytes - hostingBytes.byteLength
  const healthBytes = encodeHealth(health, Math.min(HEALTH_BYTES_MAX, left))
  const roomBytes = left - healthBytes.byteLength
  const rows = new ByteWriter().u16(0)
  let count = 0
  for (const row of serving) {
    const bytes = encodeServing(row)
    if (rows.length + bytes.byteLength > roomBytes) break
    rows.put(bytes)
    count++
  }
  rows.patchU16(0, count)
  const out = new ByteWriter(FACT_BYTES_MAX - roomBytes + rows.length)
  if (load !== undefined) putSection(out, SECTION.load, load)
  putSection(out, SECTION.listeners, listeners)
  putSection(out, SECTION.serving, rows.finish())
  // An older release would skip them as well; without any, it need not.
  if (health.length > 0) putSection(out, SECTION.health, healthBytes)
  if (hosting.length > 0) putSection(out, SECTION.hosting, hostingBytes)
  if (own.byteLength > 0) putSection(out, SECTION.release, own)
  return out.finish()
}

/** Total. `undefined` for damaged facts: half of them would take back what the node has said before. */
export function decodeNodeFacts(bytes: Uint8Array): NodeFacts | undefined {
  const reader = new ByteReader(bytes)
  let listeners: Uint8Array = new Uint8Array(0)
  let serving: readonly Serving[] | undefined = []
  let loadPermille: number | undefined
  let health: readonly HealthRow[] | undefined = []
  let hosting: readonly Tenure[] | undefined = []
  let release = ''
  while (!reader.failed && reader.remaining > 0) {
    const type = reader.u8()
    const value = reader.take(reader.u32())
    if (reader.failed) return undefined
    if (type === SECTION.listeners) listeners = value
    if (type === SECTION.load) loadPermille = readLoad(new ByteReader(value))
    if (type === SECTION.serving) serving = readServing(new ByteReader(value))
    if (type === SECTION.health) health = decodeHealth(value)
    if (type === SECTION.hosting) hosting = decodeTenures(value)
    if (type === SECTION.release) release = readRelease(value)
  }
  if (serving === undefined || health === undefined || hosting === undefined) return undefined
  const more = { ...(loadPermille !== undefined && { loadPermille }), ...(release !== '' && { release }) }
  return { listeners, serving, health, hosting, ...more }
}

/** One that a terminal would obey, or that has no end, is none. */
function readRelease(value: Uint8Array): string {
  const text = value.byteLength > RELEASE_BYTES_MAX ? '' : fromUtf8(value)
  return /\p{C}/u.test(text) ? '' : text
}

function readLoad(reader: ByteReader): number | undefined {
  const load = reader.u32()
  return reader.failed ? undefined : load
}

function encodeServing({ service, term, state, problem }: Serving): Uint8Array {
  const out = new ByteWriter().text(service).u64(term).u8(STATES.indexOf(state))
  return out.text(problem.slice(0, PROBLEM_CHARACTERS_MAX)).finish()
}

function putSection(out: ByteWriter, type: number, value: Uint8Array): void {
  out.u8(type).u32(value.byteLength).put(value)
}

function readServing(reader: ByteReader): readonly Serving[] | undefined {
  const rows: Serving[] = []
  const count = reader.u16()
  for (let i = 0; i < count && !reader.failed; i++) {
    const [service, term, state, problem] = [reader.text(), reader.u64(), STATES[reader.u8()], reader.text()]
    if (state !== undefined) rows.push({ service, term, state, problem })
  }
  return reader.failed ? undefined : rows
}
