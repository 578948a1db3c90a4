/**
 * What a node says about itself to all others (gossip carries it as opaque bytes): which programs listen on it, and how
 * the services that it directs are doing. Sections `type u8 | length u32 | value`; one that a newer release added is
 * skipped. Total: damaged facts read as no facts.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js'

const SECTION = { listeners: 1, serving: 2 } as const
const SERVICES_MAX = 4_096
const PROBLEM_BYTES_MAX = 300

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
}

const STATES: readonly Serving['state'][] = ['starting', 'serving', 'unable']
const NO_FACTS: NodeFacts = { listeners: new Uint8Array(0), serving: [] }

export function encodeNodeFacts(facts: NodeFacts): Uint8Array {
  const serving = new ByteWriter()
  const rows = facts.serving.slice(0, SERVICES_MAX)
  serving.u16(rows.length)
  for (const { service, term, state, problem } of rows) {
    serving.text(service).u64(term).u8(STATES.indexOf(state)).text(problem.slice(0, PROBLEM_BYTES_MAX))
  }
  const out = new ByteWriter(facts.listeners.byteLength + serving.length + 16)
  putSection(out, SECTION.listeners, facts.listeners)
  putSection(out, SECTION.serving, serving.finish())
  return out.finish()
}

export function decodeNodeFacts(bytes: Uint8Array): NodeFacts {
  const reader = new ByteReader(bytes)
  let listeners = NO_FACTS.listeners
  let serving: Serving[] = []
  while (!reader.failed && reader.remaining > 0) {
    const type = reader.u8()
    const value = reader.take(reader.u32())
    if (type === SECTION.listeners) listeners = value
    if (type === SECTION.serving) serving = readServing(new ByteReader(value))
  }
  return reader.failed ? NO_FACTS : { listeners, serving }
}

function putSection(out: ByteWriter, type: number, value: Uint8Array): void {
  out.u8(type).u32(value.byteLength).put(value)
}

function readServing(reader: ByteReader): Serving[] {
  const rows: Serving[] = []
  const count = Math.min(SERVICES_MAX, reader.u16())
  for (let i = 0; i < count && !reader.failed; i++) {
    const [service, term, state, problem] = [reader.text(), reader.u64(), STATES[reader.u8()], reader.text()]
    if (!reader.failed && state !== undefined) rows.push({ service, term, state, problem })
  }
  return rows
}
