/** The process that holds a socket, as an operator of its host would look for it. */
import { fromUtf8, utf8 } from './bytes.js'

export interface Program {
  readonly pid: number
  /** Never empty; without control characters; at most `PROGRAM_NAME_BYTES_MAX` bytes of UTF-8. */
  readonly name: string
}

/** What the kernel keeps of a name: TASK_COMM_LEN less the NUL (linux/sched.h). */
export const PROGRAM_NAME_BYTES_MAX = 15

/** Controls, invisible, unassigned and line-breaking characters, and what was no UTF-8. */
const UNFIT = /[\p{C}\p{Zl}\p{Zp}\ufffd]/gu

/**
 * Any process may name itself anything (prctl PR_SET_NAME). What a terminal would obey is shown as `?`, which is never
 * longer than what it stands for. Empty where nothing is left of it.
 */
export function programName(bytes: Uint8Array): string {
  return fromUtf8(bytes.subarray(0, PROGRAM_NAME_BYTES_MAX)).replace(UNFIT, '?').trim()
}

export function programNameBytes({ name }: Program): Uint8Array {
  return utf8(name).subarray(0, PROGRAM_NAME_BYTES_MAX)
}

/** As `ps` and `kill` want it: `nginx (812)`. */
export function formatProgram({ name, pid }: Program): string {
  return `${name} (${pid})`
}
