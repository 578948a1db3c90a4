/**
 * What a node says of the services of mode `single` that it hosts, as a section of its facts: `count u16 | { length u16 | service |
 * term u64 | state u8 | stop limit u32 | words } …`. A row says its length: what a newer release appends is skipped.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js'
import type { Millis } from '../base/time.js'

/**
 * `waiting`: it is this node's turn, and something has to come first; `active`: it runs here; `stopped`: as of that term it runs
 * nowhere; `unknown`: it could not be stopped, and may run.
 */
export type TenureState = 'waiting' | 'starting' | 'active' | 'stopping' | 'stopped' | 'unknown'

export interface Tenure {
  readonly service: string
  readonly term: number
  readonly state: TenureState
  /** How long stopping it here may take. */
  readonly stopMs: Millis
  /** For people. */
  readonly words: string
}

export const TENURES_MAX = 1_024
const STATES: readonly TenureState[] = ['waiting', 'starting', 'active', 'stopping', 'stopped', 'unknown']
const NAME_BYTES_MAX = 256
const WORDS_BYTES_MAX = 1_024

/** What finds no room in `roomBytes` is left out. */
export function encodeTenures(rows: readonly Tenure[], roomBytes: number): Uint8Array {
  const out = new ByteWriter().u16(0)
  let count = 0
  for (const { service, term, state, stopMs, words } of rows.slice(0, TENURES_MAX)) {
    const row = new ByteWriter().text(service).u64(term).u8(STATES.indexOf(state)).u32(stopMs).text(words).finish()
    if (out.length + 2 + row.byteLength > roomBytes) break
    out.u16(row.byteLength).put(row)
    count++
  }
  out.patchU16(0, count)
  return out.finish()
}

/** Total. `undefined`: damaged. */
export function decodeTenures(bytes: Uint8Array): Tenure[] | undefined {
  const reader = new ByteReader(bytes)
  const rows: Tenure[] = []
  const count = reader.u16()
  if (count > TENURES_MAX) return undefined
  for (let i = 0; i < count && !reader.failed; i++) {
    const row = new ByteReader(reader.take(reader.u16()))
    const [service, term, state] = [row.text(NAME_BYTES_MAX), row.u64(), STATES[row.u8()]]
    const [stopMs, words] = [row.u32(), row.text(WORDS_BYTES_MAX)]
    if (row.failed) return undefined
    if (state !== undefined) rows.push({ service, term, state, stopMs, words })
  }
  return reader.failed ? undefined : rows
}
