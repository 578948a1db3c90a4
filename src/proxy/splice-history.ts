/** How often a splice has changed its director: what its nodes tell each other of it (field 20 of ROW). */
import type { ByteReader, ByteWriter } from '../base/bytes.js'

export interface SpliceHistory {
  /** Directors that gave it up in order, for another to go on. */
  readonly moves: number
  /** Directors that died with it, or were cut off. */
  readonly takeovers: number
}

export const NO_HISTORY: SpliceHistory = { moves: 0, takeovers: 0 }

export const HISTORY_BYTES = 4
const MOST = 0xffff

/** Another director goes on. `isGivenUp`: the one before had said so. */
export function continued({ moves, takeovers }: SpliceHistory, isGivenUp: boolean): SpliceHistory {
  return { moves: moves + (isGivenUp ? 1 : 0), takeovers: takeovers + (isGivenUp ? 0 : 1) }
}

export function putHistory(out: ByteWriter, { moves, takeovers }: SpliceHistory): void {
  out.u16(Math.min(MOST, moves)).u16(Math.min(MOST, takeovers))
}

export function readHistory(r: ByteReader): SpliceHistory {
  return { moves: r.u16(), takeovers: r.u16() }
}
