/**
 * What a node says of programs' health, as a section of its facts: `count u16 | { length u16 | service | about 16 | port u16 | state u8 |
 * words } …`. A row says its length: what a newer release appends is skipped, and so is a state that it has invented.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js'
import { NODE_ID_BYTES, type NodeId } from '../base/ids.js'
import type { Health } from './ports.js'

export interface HealthRow {
  readonly service: string
  /** Whose program; the node that says it, or one that it directs connections to. */
  readonly about: NodeId
  /** 0: of the service as a whole. */
  readonly port: number
  readonly state: Health
  readonly words: string
}

/** As many as a node checks. */
export const HEALTH_ROWS_MAX = 1_024
const STATES: readonly Health[] = ['starting', 'healthy', 'unhealthy']
const NAME_BYTES_MAX = 256
const WORDS_BYTES_MAX = 1_024

/** What finds no room in `roomBytes` is left out, those that are healthy first. */
export function encodeHealth(rows: readonly HealthRow[], roomBytes: number): Uint8Array {
  const inOrder = [
    ...rows.filter(({ state }) => state !== 'healthy'),
    ...rows.filter(({ state }) => state === 'healthy'),
  ]
  const out = new ByteWriter().u16(0)
  let count = 0
  for (const { service, about, port, state, words } of inOrder.slice(0, HEALTH_ROWS_MAX)) {
    const row = new ByteWriter().text(service).hex(about).u16(port).u8(STATES.indexOf(state)).text(words).finish()
    if (out.length + 2 + row.byteLength > roomBytes) break
    out.u16(row.byteLength).put(row)
    count++
  }
  out.patchU16(0, count)
  return out.finish()
}

/** Total. `undefined`: damaged. */
export function decodeHealth(bytes: Uint8Array): HealthRow[] | undefined {
  const reader = new ByteReader(bytes)
  const rows: HealthRow[] = []
  const count = reader.u16()
  if (count > HEALTH_ROWS_MAX) return undefined
  for (let i = 0; i < count && !reader.failed; i++) {
    const row = new ByteReader(reader.take(reader.u16()))
    const [service, about, port] = [row.text(NAME_BYTES_MAX), row.hex(NODE_ID_BYTES), row.u16()]
    const [state, words] = [STATES[row.u8()], row.text(WORDS_BYTES_MAX)]
    if (row.failed) return undefined
    if (state !== undefined) rows.push({ service, about, port, state, words })
  }
  return reader.failed ? undefined : rows
}
